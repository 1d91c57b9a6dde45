//! What the lab's Rust peers share: the protocol with the matrix (test/interop/peer.ts) and the echo.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{self, BufRead, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Blocking reads and writes give up after this long.
const IO_TIMEOUT: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    pub role: Role,
    /// How many connections follow each other; a client resumes from the second on.
    pub connections: usize,
    pub version: String,
    /// Identifiers of named groups, most wanted first.
    pub groups: Vec<u16>,
    /// What the leaf of either side signs with.
    pub signature: u16,
    pub ca: String,
    pub cert: Option<String>,
    pub key: Option<String>,
    /// A server asks for a client's certificate and insists on it.
    pub request_cert: bool,
    pub port: Option<u16>,
    pub bytes: usize,
}

#[derive(Deserialize, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Server,
    Client,
}

/// What a peer saw of one connection; None where its API does not tell.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub protocol: String,
    pub group: Option<Value>,
    pub cipher_suite: Option<Value>,
    pub signature_scheme: Option<Value>,
    pub peer_signature_scheme: Option<Value>,
    pub resumed: Option<bool>,
    pub hello_retry_request: Option<bool>,
    /// SHA-256 of the peer's leaf; empty where there was none.
    pub peer_certificate: Option<String>,
    pub sent: String,
    pub received: String,
}

/// A number of the TLS registries, or a name that the matrix knows.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Value {
    Id(u16),
    Name(String),
}

/// One TLS implementation.
pub trait Peer: Sized {
    fn new(config: &Config) -> Result<Self, Failure>;
    /// One connection: the handshake, `exchange`, the end.
    fn connection(&mut self, tcp: TcpStream, config: &Config) -> Result<Report, Failure>;
}

/// The program: reads the configuration, serves or connects, and reports.
pub fn run<P: Peer>() {
    if let Err(error) = try_run::<P>() {
        say(&serde_json::json!({ "error": error.to_string() }));
        std::process::exit(1);
    }
}

fn try_run<P: Peer>() -> Result<(), Failure> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let config: Config = serde_json::from_str(&line)?;
    let mut peer = P::new(&config)?;
    let listener = match config.role {
        Role::Server => Some(TcpListener::bind(("127.0.0.1", 0))?),
        Role::Client => None,
    };
    if let Some(listener) = &listener {
        say(&serde_json::json!({ "port": listener.local_addr()?.port() }));
    }
    for _ in 0..config.connections {
        let tcp = match &listener {
            Some(listener) => listener.accept()?.0,
            None => TcpStream::connect(("127.0.0.1", config.port.ok_or("a client needs a port")?))?,
        };
        tcp.set_read_timeout(Some(IO_TIMEOUT))?;
        tcp.set_write_timeout(Some(IO_TIMEOUT))?;
        tcp.set_nodelay(true)?;
        let report = peer.connection(tcp, &config)?;
        say(&serde_json::to_value(report)?);
    }
    Ok(())
}

fn say(value: &serde_json::Value) {
    let mut out = io::stdout().lock();
    // Nobody is left to tell where this fails.
    let _ = writeln!(out, "{value}").and_then(|()| out.flush());
}

/// A client sends its bytes and reads as many back; a server reads them all and sends them back.
/// Returns the hashes of what was sent and received.
pub fn exchange<S: Read + Write>(stream: &mut S, config: &Config) -> io::Result<(String, String)> {
    if config.role == Role::Client {
        let data = made_up(config.bytes);
        stream.write_all(&data)?;
        stream.flush()?;
        let mut echo = vec![0; config.bytes];
        stream.read_exact(&mut echo)?;
        Ok((sha256(&data), sha256(&echo)))
    } else {
        let mut data = vec![0; config.bytes];
        stream.read_exact(&mut data)?;
        stream.write_all(&data)?;
        stream.flush()?;
        let hash = sha256(&data);
        Ok((hash.clone(), hash))
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            // Writing to a String does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Bytes that do not repeat, so that a lost or moved piece shows. Marsaglia's xorshift32.
fn made_up(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut bytes = Vec::with_capacity(length + 4);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
