//! A provider whose certificate this computer does not trust: a real TLS server, and a certificate authority
//! that nobody has ever heard of.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::support::{MINUTE, START, World};
use latchkey_protocol::{Activity, ConfigurationFault, GrantState, Severity};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

const PROVIDER: &str = include_str!("../../../../providers/sandbox.toml");
const ISSUER: &str = "Web Shield Root";

/// A server that stands where the provider should.
struct Stranger {
    port: u16,
    /// How many have called.
    calls: Arc<AtomicUsize>,
    /// What they said after the handshake.
    heard: Arc<Mutex<Vec<u8>>>,
}

/// A certificate for this computer, by an authority of its own.
fn presented() -> ServerConfig {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, ISSUER);
    authority.distinguished_name.push(DnType::OrganizationName, "Example Scanners");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    builder.with_single_cert(vec![certificate.der().clone()], key).unwrap()
}

impl Stranger {
    fn start(world: &World) -> Self {
        let listener = world.outside(TcpListener::bind("127.0.0.1:0")).unwrap();
        let stranger = Self {
            port: listener.local_addr().unwrap().port(),
            calls: Arc::default(),
            heard: Arc::default(),
        };
        let (calls, heard) = (stranger.calls.clone(), stranger.heard.clone());
        let acceptor = TlsAcceptor::from(Arc::new(presented()));
        world.beside(async move {
            while let Ok((stream, _)) = listener.accept().await {
                calls.fetch_add(1, Ordering::SeqCst);
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let mut said = [0; 4096];
                    let read = stream.read(&mut said).await.unwrap_or(0);
                    heard.lock().unwrap().extend_from_slice(&said[..read]);
                }
            }
        });
        stranger
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

#[test]
fn f02_a_certificate_that_is_not_trusted_costs_nothing_and_its_issuer_is_named() {
    let mut world = World::connected();
    let stranger = Stranger::start(&world);
    world.kill();
    let there = format!("https://127.0.0.1:{}/token", stranger.port);
    let file = world.write_provider("sandbox.toml", &PROVIDER.replace("{sandbox}/token", &there));
    world.clock.advance(55 * MINUTE);
    world.start();
    for failures in 1..=2 {
        world.until("refused", |overview| {
            let connection = &overview.connections[0];
            connection.renewal.consecutive_failures == failures
                && connection.health.activity != Activity::Refreshing
        });
        let health = world.connection().health;
        assert_eq!(health.severity, Severity::Degraded);
        let GrantState::Misconfigured { fault, provider_text, .. } = health.grant else {
            panic!("{:?}", health.grant)
        };
        assert_eq!(fault, ConfigurationFault::CertificateUntrusted);
        let text = provider_text.unwrap();
        assert!(text.ends_with("issued by Web Shield Root (Example Scanners)"), "{text}");
        assert_eq!(stranger.calls(), failures as usize);
        if failures == 1 {
            world.clock.advance(5 * MINUTE - 1);
            world.until_asleep_for(1);
            assert_eq!(stranger.calls(), 1);
            world.clock.advance(1);
        }
    }
    assert_eq!(*stranger.heard.lock().unwrap(), b"", "no byte of a request reaches whoever this is");
    std::fs::remove_file(file).unwrap();
    world.restart();
    world.advance_until("renewed", MINUTE, |overview| {
        overview.connections[0].renewal.last_success_at > Some(START)
    });
    assert_eq!(world.grant(), GrantState::Connected);
    assert_eq!(world.refreshes().len(), 1);
    assert_eq!(world.sandbox.refusals().len(), 0, "the refresh token was not spent");
}

#[test]
fn f02_a_sign_in_where_the_certificate_is_not_trusted_names_the_issuer() {
    let mut world = World::before_the_start();
    let stranger = Stranger::start(&world);
    let there = format!("https://127.0.0.1:{}/token", stranger.port);
    world.write_provider("sandbox.toml", &PROVIDER.replace("{sandbox}/token", &there));
    world.start();
    let (_, url) = world.begin();
    world.link(&world.browser(&url));
    world.until("ended", |overview| format!("{:?}", overview.providers).contains(ISSUER));
    assert_eq!(*stranger.heard.lock().unwrap(), b"", "the code stays here");
}
