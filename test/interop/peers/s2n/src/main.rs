//! The s2n-tls peer of the interop lab, with the security policy that the environment names.

use lab_peer::{exchange, run, sha256, Config, Failure, Peer, Report, Role, Value};
use s2n_tls::callbacks::{SessionTicket, SessionTicketCallback, VerifyHostNameCallback};
use s2n_tls::config::Builder;
use s2n_tls::connection::Connection;
use s2n_tls::enums::{Blinding, ClientAuthType, Mode, Version};
use s2n_tls::security::Policy;
use std::ffi::c_void;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::SystemTime;

/// The environment variable with the name of the policy.
const POLICY: &str = "LAB_S2N_POLICY";

struct S2n {
    config: s2n_tls::config::Config,
    session: Arc<Mutex<Option<Vec<u8>>>>,
}

/// Keeps the newest ticket.
struct Keep(Arc<Mutex<Option<Vec<u8>>>>);

impl SessionTicketCallback for Keep {
    fn on_session_ticket(&self, _connection: &mut Connection, ticket: &SessionTicket) {
        let mut bytes = vec![0; ticket.len().unwrap_or(0)];
        if ticket.data(&mut bytes).is_ok() {
            *self.0.lock().expect("nobody panics with it") = Some(bytes);
        }
    }
}

/// The names of a client's certificate are of no interest.
struct AnyName;

impl VerifyHostNameCallback for AnyName {
    fn verify_host_name(&self, _name: &str) -> bool {
        true
    }
}

impl Peer for S2n {
    fn new(config: &Config) -> Result<Self, Failure> {
        let session = Arc::new(Mutex::new(None));
        let mut builder = Builder::new();
        builder
            .with_system_certs(false)?
            .set_security_policy(&Policy::from_version(&std::env::var(POLICY)?)?)?
            .trust_pem(config.ca.as_bytes())?;
        if let (Some(cert), Some(key)) = (&config.cert, &config.key) {
            builder.load_pem(cert.as_bytes(), key.as_bytes())?;
        }
        if config.role == Role::Server {
            // A key of one run.
            let key: Vec<u8> = (0..32).map(|i| i ^ (std::process::id() as u8)).collect();
            builder.add_session_ticket_key(b"lab", &key, SystemTime::now())?;
            if config.request_cert {
                builder
                    .set_client_auth_type(ClientAuthType::Required)?
                    .set_verify_host_callback(AnyName)?;
            }
        } else {
            builder.set_session_ticket_callback(Keep(session.clone()))?;
            if config.cert.is_some() {
                builder.set_client_auth_type(ClientAuthType::Optional)?;
            }
        }
        Ok(Self {
            config: builder.build()?,
            session,
        })
    }

    fn connection(&mut self, tcp: TcpStream, config: &Config) -> Result<Report, Failure> {
        let is_client = config.role == Role::Client;
        let mut connection = Connection::new(if is_client {
            Mode::Client
        } else {
            Mode::Server
        });
        connection.set_config(self.config.clone())?;
        connection.set_blinding(Blinding::SelfService)?;
        let tcp = Box::new(tcp);
        let context = std::ptr::from_ref::<TcpStream>(&tcp)
            .cast_mut()
            .cast::<c_void>();
        connection
            .set_receive_callback(Some(receive))?
            .set_send_callback(Some(send))?;
        // SAFETY: the stream is on the heap, and is dropped after the connection.
        unsafe {
            connection
                .set_receive_context(context)?
                .set_send_context(context)?;
        }
        if is_client {
            connection.set_server_name("localhost")?;
            if let Some(ticket) = self.session.lock().expect("nobody panics with it").take() {
                connection.set_session_ticket(&ticket)?;
            }
        }
        let mut stream = Blocking(connection);
        stream.until_ready(|connection| connection.poll_negotiate().map_ok(|_| ()))?;
        let (sent, received) = exchange(&mut stream, config)?;
        let report = report(&stream.0, sent, received)?;
        stream.until_ready(|connection| connection.poll_shutdown().map_ok(|_| ()))?;
        drop(stream);
        drop(tcp);
        Ok(report)
    }
}

fn report(connection: &Connection, sent: String, received: String) -> Result<Report, Failure> {
    let resumed = connection.resumed();
    let handshake = connection.handshake_type()?;
    let certificate = if resumed {
        // A ticket of s2n-tls holds no certificate.
        None
    } else {
        let chain = connection.peer_cert_chain().ok();
        let leaf = chain.as_ref().and_then(|chain| chain.iter().next());
        Some(match leaf {
            Some(leaf) => sha256(leaf?.der()?),
            None => String::new(),
        })
    };
    Ok(Report {
        protocol: match connection.actual_protocol_version()? {
            Version::TLS12 => "TLSv1.2".to_string(),
            Version::TLS13 => "TLSv1.3".to_string(),
            other => format!("{other:?}"),
        },
        group: connection
            .selected_key_exchange_group()
            .map(|name| Value::Name(name.to_string())),
        // s2n-tls tells the name of OpenSSL for TLS 1.2, and of one side's scheme only.
        cipher_suite: Some(connection.cipher_suite()?)
            .filter(|name| name.starts_with("TLS_"))
            .map(|name| Value::Name(name.to_string())),
        signature_scheme: None,
        peer_signature_scheme: None,
        resumed: Some(resumed),
        hello_retry_request: Some(handshake.contains("HELLO_RETRY_REQUEST")),
        peer_certificate: certificate,
        sent,
        received,
    })
}

/// The polled connection over blocking callbacks.
struct Blocking(Connection);

impl Blocking {
    fn until_ready<T>(
        &mut self,
        mut step: impl FnMut(&mut Connection) -> Poll<Result<T, s2n_tls::error::Error>>,
    ) -> io::Result<T> {
        loop {
            if let Poll::Ready(result) = step(&mut self.0) {
                return result.map_err(io::Error::other);
            }
        }
    }
}

impl Read for Blocking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.until_ready(|connection| connection.poll_recv(buffer))
    }
}

impl Write for Blocking {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.until_ready(|connection| connection.poll_send(buffer))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.until_ready(|connection| connection.poll_flush().map_ok(|_| ()))
    }
}

/// s2n_recv_fn over a TcpStream.
unsafe extern "C" fn receive(context: *mut c_void, buffer: *mut u8, length: u32) -> libc::c_int {
    // SAFETY: the context is the TcpStream that `connection` keeps, and s2n-tls gives a buffer of that length.
    let (mut tcp, bytes) = unsafe {
        (
            &*context.cast::<TcpStream>(),
            std::slice::from_raw_parts_mut(buffer, length as usize),
        )
    };
    outcome(tcp.read(bytes))
}

/// s2n_send_fn over a TcpStream.
unsafe extern "C" fn send(context: *mut c_void, buffer: *const u8, length: u32) -> libc::c_int {
    // SAFETY: as above.
    let (mut tcp, bytes) = unsafe {
        (
            &*context.cast::<TcpStream>(),
            std::slice::from_raw_parts(buffer, length as usize),
        )
    };
    outcome(tcp.write(bytes))
}

/// What s2n-tls wants of a callback: a count, or -1 and errno, of which "would block" means to ask again.
fn outcome(result: io::Result<usize>) -> libc::c_int {
    match result {
        Ok(count) => libc::c_int::try_from(count).unwrap_or(libc::c_int::MAX),
        Err(error) => {
            // A time-out of ours reads as EAGAIN, which would be asked again for ever.
            let code = match error.raw_os_error() {
                Some(libc::EAGAIN) | None => libc::ETIMEDOUT,
                Some(code) => code,
            };
            errno_set(code);
            -1
        }
    }
}

fn errno_set(code: libc::c_int) {
    // SAFETY: errno is the thread's own.
    unsafe { *libc::__errno_location() = code };
}

fn main() {
    run::<S2n>();
}
