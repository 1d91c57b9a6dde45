//! The rustls peer of the interop lab, on aws-lc-rs.

use lab_peer::{exchange, run, sha256, Config, Failure, Peer, Report, Role, Value};
use rustls::crypto::{aws_lc_rs, CryptoProvider};
use rustls::pki_types::{pem::PemObject, CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion, RootCertStore, ServerConfig,
    ServerConnection, StreamOwned, SupportedProtocolVersion,
};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

enum Rustls {
    Server(Arc<ServerConfig>),
    Client(Arc<ClientConfig>),
}

impl Peer for Rustls {
    fn new(config: &Config) -> Result<Self, Failure> {
        let provider = Arc::new(provider(config)?);
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(config.ca.as_bytes())?)?;
        let roots = Arc::new(roots);
        let versions = [version(config)?];
        if config.role == Role::Server {
            let builder = ServerConfig::builder_with_provider(provider.clone())
                .with_protocol_versions(&versions)?;
            let builder = if config.request_cert {
                builder.with_client_cert_verifier(
                    WebPkiClientVerifier::builder_with_provider(roots, provider).build()?,
                )
            } else {
                builder.with_no_client_auth()
            };
            let (chain, key) = identity(config)?.ok_or("a server needs a certificate")?;
            let mut server = builder.with_single_cert(chain, key)?;
            server.ticketer = aws_lc_rs::Ticketer::new()?;
            Ok(Self::Server(Arc::new(server)))
        } else {
            let builder = ClientConfig::builder_with_provider(provider)
                .with_protocol_versions(&versions)?
                .with_root_certificates(roots);
            // Its session store is part of the configuration.
            Ok(Self::Client(Arc::new(match identity(config)? {
                Some((chain, key)) => builder.with_client_auth_cert(chain, key)?,
                None => builder.with_no_client_auth(),
            })))
        }
    }

    fn connection(&mut self, tcp: TcpStream, config: &Config) -> Result<Report, Failure> {
        match self {
            Self::Server(server) => {
                let mut stream = StreamOwned::new(ServerConnection::new(server.clone())?, tcp);
                let report = converse(&mut stream, config)?;
                stream.conn.send_close_notify();
                stream.flush()?;
                // The client ends first: what it has not read yet would be lost with a reset.
                stream.read_to_end(&mut Vec::new())?;
                Ok(report)
            }
            Self::Client(client) => {
                let name = ServerName::try_from("localhost")?;
                let mut stream =
                    StreamOwned::new(ClientConnection::new(client.clone(), name)?, tcp);
                let report = converse(&mut stream, config)?;
                stream.conn.send_close_notify();
                stream.flush()?;
                Ok(report)
            }
        }
    }
}

fn converse<C, D>(
    stream: &mut StreamOwned<C, TcpStream>,
    config: &Config,
) -> Result<Report, Failure>
where
    C: DerefMut + Deref<Target = rustls::ConnectionCommon<D>>,
    D: rustls::SideData,
{
    let (sent, received) = exchange(stream, config)?;
    let conn = &stream.conn;
    let kind = conn.handshake_kind();
    Ok(Report {
        protocol: match conn.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "TLSv1.2".to_string(),
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3".to_string(),
            other => format!("{other:?}"),
        },
        group: conn
            .negotiated_key_exchange_group()
            .map(|group| Value::Id(group.name().into())),
        cipher_suite: conn
            .negotiated_cipher_suite()
            .map(|suite| Value::Id(suite.suite().into())),
        resumed: kind.map(|kind| kind == HandshakeKind::Resumed),
        // Of a resumed handshake, rustls does not tell.
        hello_retry_request: kind
            .filter(|kind| *kind != HandshakeKind::Resumed)
            .map(|kind| kind == HandshakeKind::FullWithHelloRetryRequest),
        peer_certificate: Some(
            conn.peer_certificates()
                .and_then(|chain| chain.first())
                .map_or_else(String::new, |leaf| sha256(leaf)),
        ),
        sent,
        received,
        // Which schemes were used, its API does not tell.
        ..Report::default()
    })
}

/// The provider with only the wanted groups, in their order: the first gets the key share.
fn provider(config: &Config) -> Result<CryptoProvider, Failure> {
    let groups = config.groups.iter().map(|id| {
        aws_lc_rs::ALL_KX_GROUPS
            .iter()
            .copied()
            .find(|group| u16::from(group.name()) == *id)
            .ok_or_else(|| Failure::from(format!("rustls has no group {id}")))
    });
    Ok(CryptoProvider {
        kx_groups: groups.collect::<Result<_, _>>()?,
        ..aws_lc_rs::default_provider()
    })
}

fn version(config: &Config) -> Result<&'static SupportedProtocolVersion, Failure> {
    match config.version.as_str() {
        "TLSv1.2" => Ok(&rustls::version::TLS12),
        "TLSv1.3" => Ok(&rustls::version::TLS13),
        other => Err(format!("unknown version {other}").into()),
    }
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn identity(config: &Config) -> Result<Option<Identity>, Failure> {
    let (Some(cert), Some(key)) = (&config.cert, &config.key) else {
        return Ok(None);
    };
    let chain = CertificateDer::pem_slice_iter(cert.as_bytes()).collect::<Result<_, _>>()?;
    Ok(Some((
        chain,
        PrivateKeyDer::from_pem_slice(key.as_bytes())?,
    )))
}

fn main() {
    run::<Rustls>();
}
