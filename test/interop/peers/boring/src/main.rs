//! The BoringSSL peer of the interop lab, by the boring crate.

use boring::pkey::PKey;
use boring::ssl::{
    Ssl, SslContext, SslContextBuilder, SslMethod, SslRef, SslSession, SslSessionCacheMode,
    SslSignatureAlgorithm, SslStream, SslVerifyMode, SslVersion,
};
use boring::x509::{store::X509StoreBuilder, X509};
use lab_peer::{exchange, run, sha256, Config, Failure, Peer, Report, Role, Value};
use std::io::Read;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

const ECDSA_SECP256R1_SHA256: u16 = 0x0403;

struct Boring {
    context: SslContext,
    session: Arc<Mutex<Option<SslSession>>>,
}

impl Peer for Boring {
    fn new(config: &Config) -> Result<Self, Failure> {
        let session = Arc::new(Mutex::new(None));
        let mut builder = SslContextBuilder::new(SslMethod::tls())?;
        let version = version(&config.version)?;
        builder.set_min_proto_version(Some(version))?;
        builder.set_max_proto_version(Some(version))?;
        let names: Result<Vec<_>, _> = config.groups.iter().map(|id| group_name(*id)).collect();
        builder.set_curves_list(&names?.join(":"))?;
        // What the other side's leaf signs with, and its CA.
        builder.set_verify_algorithm_prefs(&schemes(config.signature))?;
        let mut store = X509StoreBuilder::new()?;
        store.add_cert(X509::from_pem(config.ca.as_bytes())?)?;
        builder.set_cert_store_builder(store);
        if let (Some(cert), Some(key)) = (&config.cert, &config.key) {
            let cert = X509::from_pem(cert.as_bytes())?;
            builder.set_certificate(&cert)?;
            builder.set_private_key(&*PKey::private_key_from_pem(key.as_bytes())?)?;
        }
        if config.role == Role::Client {
            builder.set_verify(SslVerifyMode::PEER);
            builder.set_session_cache_mode(SslSessionCacheMode::CLIENT);
            let newest = session.clone();
            builder.set_new_session_callback(move |_, session| {
                *newest.lock().expect("nobody panics with it") = Some(session);
            });
        } else {
            builder.set_session_id_context(b"lab")?;
            if config.request_cert {
                builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
            }
        }
        Ok(Self {
            context: builder.build(),
            session,
        })
    }

    fn connection(&mut self, tcp: TcpStream, config: &Config) -> Result<Report, Failure> {
        let mut ssl = Ssl::new(&self.context)?;
        let mut stream = if config.role == Role::Client {
            ssl.set_hostname("localhost")?;
            ssl.param_mut().set_host("localhost")?;
            if let Some(session) = self.session.lock().expect("nobody panics with it").take() {
                // SAFETY: the session comes from the same context.
                unsafe { ssl.set_session(&session)? };
            }
            ssl.connect(tcp).map_err(|error| error.to_string())?
        } else {
            ssl.accept(tcp).map_err(|error| error.to_string())?
        };
        let (sent, received) = exchange(&mut stream, config)?;
        let report = report(stream.ssl(), config, sent, received)?;
        stream.shutdown()?;
        if config.role == Role::Server {
            until_end(&mut stream)?;
        }
        Ok(report)
    }
}

/// The client ends first: what it has not read yet would be lost with a reset.
fn until_end(stream: &mut SslStream<TcpStream>) -> Result<(), Failure> {
    stream.read_to_end(&mut Vec::new())?;
    Ok(())
}

fn report(
    ssl: &SslRef,
    config: &Config,
    sent: String,
    received: String,
) -> Result<Report, Failure> {
    let certificate = match ssl.peer_certificate() {
        Some(leaf) => sha256(&leaf.to_der()?),
        None => String::new(),
    };
    Ok(Report {
        protocol: ssl.version_str().to_string(),
        group: ssl.curve().map(Value::Id),
        cipher_suite: ssl
            .current_cipher()
            .map(|cipher| Value::Id(cipher.protocol_id())),
        // Its own scheme, BoringSSL forgets with the handshake.
        signature_scheme: None,
        peer_signature_scheme: ssl
            .peer_signature_algorithm()
            .filter(|_| !ssl.session_reused())
            .map(|scheme| scheme_value(scheme, config)),
        resumed: Some(ssl.session_reused()),
        hello_retry_request: Some(ssl.used_hello_retry_request()),
        peer_certificate: Some(certificate),
        sent,
        received,
    })
}

/// The crate gives no number back: the one that was configured, or the name for people.
fn scheme_value(scheme: SslSignatureAlgorithm, config: &Config) -> Value {
    if scheme == SslSignatureAlgorithm::from(config.signature) {
        Value::Id(config.signature)
    } else {
        Value::Name(format!("{scheme:?}"))
    }
}

fn schemes(signature: u16) -> Vec<SslSignatureAlgorithm> {
    let mut ids = vec![signature];
    if signature != ECDSA_SECP256R1_SHA256 {
        ids.push(ECDSA_SECP256R1_SHA256);
    }
    ids.into_iter().map(SslSignatureAlgorithm::from).collect()
}

fn version(name: &str) -> Result<SslVersion, Failure> {
    match name {
        "TLSv1.2" => Ok(SslVersion::TLS1_2),
        "TLSv1.3" => Ok(SslVersion::TLS1_3),
        other => Err(format!("unknown version {other}").into()),
    }
}

fn group_name(id: u16) -> Result<&'static str, Failure> {
    match id {
        0x0017 => Ok("P-256"),
        0x0018 => Ok("P-384"),
        0x0019 => Ok("P-521"),
        0x001d => Ok("X25519"),
        0x0202 => Ok("MLKEM1024"),
        0x11ec => Ok("X25519MLKEM768"),
        other => Err(format!("BoringSSL has no group {other}").into()),
    }
}

fn main() {
    run::<Boring>();
}
