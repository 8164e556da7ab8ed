//! Who issued a certificate that is refused.
//!
//! The system's own verifier decides, alone and last. Where it says no, the name of the issuer goes with the
//! refusal: it is what tells a person which proxy or virus scanner stands in between. That name is whatever a
//! stranger wrote, so it is read with every length checked and made safe to show.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use rustls_platform_verifier::Verifier;

use crate::text::displayable;

/// Trust as this computer has it, for a client that presents no certificate of its own.
pub(super) fn system() -> Result<ClientConfig, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Naming::new(provider.clone())?;
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

/// The system's verifier, whose refusals name the issuer.
#[derive(Debug)]
struct Naming(Verifier);

impl Naming {
    fn new(provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        Verifier::new(provider).map(Self)
    }
}

/// Why a certificate was refused, where that is what lies at the bottom of `error`.
pub(super) fn refusal(error: &(dyn StdError + 'static)) -> Option<String> {
    if let Some(Error::InvalidCertificate(why)) = error.downcast_ref::<Error>() {
        let named = if let CertificateError::Other(OtherError(other)) = why {
            other.downcast_ref::<Refused>()
        } else {
            None
        };
        return Some(named.map_or_else(|| why.to_string(), Refused::to_string));
    }
    // An I/O error says what caused its cause, and not its cause.
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    match wrapped {
        Some(inner) => refusal(inner),
        None => error.source().and_then(refusal),
    }
}

/// A refusal, and who issued what was refused.
#[derive(Debug, thiserror::Error)]
#[error("{why}, issued by {issuer}")]
struct Refused {
    why: CertificateError,
    issuer: String,
}

fn named(error: Error, certificate: &CertificateDer<'_>) -> Error {
    match (error, issuer(certificate)) {
        (Error::InvalidCertificate(why), Some(issuer)) => {
            CertificateError::Other(OtherError(Arc::new(Refused { why, issuer }))).into()
        }
        (error, _) => error,
    }
}

impl ServerCertVerifier for Naming {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        verified.map_err(|error| named(error, end_entity))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
const INTEGER: u8 = 0x02;
/// The explicit tag of a version (RFC 5280 4.1).
const VERSION: u8 = 0xa0;
/// `id-at-commonName` and `id-at-organizationName` (RFC 5280 appendix A.1).
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
const ORGANIZATION: [u8; 3] = [0x55, 0x04, 0x0a];

/// The issuer of a certificate in words: its common name, and its organization where that says more.
fn issuer(certificate: &[u8]) -> Option<String> {
    let (certificate, _) = value(certificate, SEQUENCE)?;
    let (certificate, _) = value(certificate, SEQUENCE)?;
    let rest = value(certificate, VERSION).map_or(certificate, |(_, rest)| rest);
    let (_, rest) = value(rest, INTEGER)?;
    let (_, rest) = value(rest, SEQUENCE)?;
    let (mut names, _) = value(rest, SEQUENCE)?;
    let (mut common, mut organization) = (None, None);
    while let Some((relative, rest)) = value(names, SET) {
        names = rest;
        let Some((kind, text)) = value(relative, SEQUENCE).and_then(|(pair, _)| attribute(pair)) else {
            continue;
        };
        if kind == COMMON_NAME {
            common = common.or(text);
        } else if kind == ORGANIZATION {
            organization = organization.or(text);
        }
    }
    match (common, organization) {
        (Some(common), Some(organization)) if !common.contains(&organization) => {
            Some(format!("{common} ({organization})"))
        }
        (common, organization) => common.or(organization),
    }
}

/// An attribute of a name: its type, and its text where that is UTF-8, as all but the oldest are.
fn attribute(pair: &[u8]) -> Option<(&[u8], Option<String>)> {
    let (kind, rest) = value(pair, OBJECT_IDENTIFIER)?;
    let (text, _) = value(rest, *rest.first()?)?;
    Some((kind, displayable(&String::from_utf8_lossy(text))))
}

/// The content of the DER value at the beginning of `bytes`, if it has this tag, and what follows it.
fn value(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*first) {
        short @ 0..=0x7f => (short, rest),
        // A certificate has no value of more than 64 KiB.
        long @ 0x81..=0x82 => {
            let (length, rest) = rest.split_at_checked(long - 0x80)?;
            (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    (*found == tag).then(|| rest.split_at_checked(length)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        let head = if length < 0x80 { vec![tag, length] } else { vec![tag, 0x81, length] };
        [head, content.to_vec()].concat()
    }

    fn name(parts: &[([u8; 3], &str)]) -> Vec<u8> {
        let set = |(kind, text): &([u8; 3], &str)| {
            let pair = [der(OBJECT_IDENTIFIER, kind), der(0x0c, text.as_bytes())].concat();
            der(SET, &der(SEQUENCE, &pair))
        };
        der(SEQUENCE, &parts.iter().flat_map(set).collect::<Vec<_>>())
    }

    fn certificate(issuer: &[u8]) -> Vec<u8> {
        let before = [der(VERSION, &der(INTEGER, &[2])), der(INTEGER, &[7]), der(SEQUENCE, &[])].concat();
        der(SEQUENCE, &der(SEQUENCE, &[before, issuer.to_vec()].concat()))
    }

    #[test]
    fn an_issuer_is_told_by_name_and_organization() {
        let both = name(&[(ORGANIZATION, "Example Ltd"), (COMMON_NAME, "Web Shield Root")]);
        assert_eq!(issuer(&certificate(&both)).as_deref(), Some("Web Shield Root (Example Ltd)"));
        let twice = name(&[(ORGANIZATION, "Example"), (COMMON_NAME, "Example Root")]);
        assert_eq!(issuer(&certificate(&twice)).as_deref(), Some("Example Root"));
        let one = name(&[(ORGANIZATION, "Example Ltd")]);
        assert_eq!(issuer(&certificate(&one)).as_deref(), Some("Example Ltd"));
        assert_eq!(issuer(&certificate(&name(&[]))), None);
    }

    #[test]
    fn what_an_issuer_writes_cannot_move_the_text_around_it() {
        let hostile = name(&[(COMMON_NAME, "\u{202e}toor\nAll is well")]);
        assert_eq!(issuer(&certificate(&hostile)).as_deref(), Some("toorAll is well"));
    }

    #[test]
    fn no_certificate_cut_or_changed_anywhere_is_more_than_nameless() {
        let whole = certificate(&name(&[(COMMON_NAME, "Root"), (ORGANIZATION, "Example")]));
        for at in 0..whole.len() {
            let _ = issuer(&whole[..at]);
            for byte in [0, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff] {
                let mut changed = whole.clone();
                changed[at] = byte;
                let _ = issuer(&changed);
            }
        }
    }
}
