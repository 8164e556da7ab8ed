//! Every way in which an ID token can be wrong, each signed for real.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use latchkey_oidc::{DpopKey, Expected, IdTokenError, KeySet, Refreshed, Session};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

const ISSUER: &str = "https://id.example";
const CLIENT: &str = "latchkey";
const NOW: i64 = 1_795_248_000;
const NONCE: &str = "n-0S6_WzA2Mj";
const ACCESS: &str = "access-1";

/// A change to right claims.
type Change = fn(&mut Value);

struct Signer {
    key: EncodingKey,
    public: Jwk,
    algorithm: Algorithm,
}

fn rsa() -> &'static Signer {
    static RSA: LazyLock<Signer> = LazyLock::new(|| {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let key = EncodingKey::from_rsa_der(pkcs1(pair.as_der().unwrap().as_ref()));
        let mut public = Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
        public.common.key_id = Some("rsa-1".into());
        assert!(pair.public_key().modulus_len() >= 256);
        Signer { key, public, algorithm: Algorithm::RS256 }
    });
    &RSA
}

/// The RSA key inside its PKCS#8 frame, as `jsonwebtoken` wants it.
fn pkcs1(pkcs8: &[u8]) -> &[u8] {
    &pkcs8[26..]
}

fn elliptic() -> &'static Signer {
    static EC: LazyLock<Signer> = LazyLock::new(|| {
        let key = EncodingKey::from_ec_der(DpopKey::generate().unwrap().to_bytes());
        let mut public = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
        public.common.key_id = Some("ec-1".into());
        Signer { key, public, algorithm: Algorithm::ES256 }
    });
    &EC
}

fn keys(signers: &[&Signer]) -> KeySet {
    let keys: Vec<_> = signers.iter().map(|signer| &signer.public).collect();
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "ada", "aud": CLIENT, "exp": NOW + 300, "iat": NOW - 5, "nonce": NONCE,
        "name": "Ada Lovelace",
    })
}

fn signed_by(signer: &Signer, header: impl FnOnce(&mut Header), claims: &Value) -> String {
    let mut head = Header::new(signer.algorithm);
    head.kid.clone_from(&signer.public.common.key_id);
    header(&mut head);
    jsonwebtoken::encode(&head, claims, &signer.key).unwrap()
}

fn signed(change: impl FnOnce(&mut Value)) -> String {
    let mut claims = claims();
    change(&mut claims);
    signed_by(rsa(), |_| {}, &claims)
}

fn expected() -> Expected<'static> {
    let session = Session::SignIn { nonce: NONCE, max_age_s: None };
    Expected { issuer: ISSUER, client_id: CLIENT, algorithms: None, access_token: Some(ACCESS), session }
}

fn refused(token: &str) -> IdTokenError {
    expected().verify(token, &keys(&[rsa(), elliptic()]), NOW).unwrap_err()
}

fn remove(name: &'static str) -> impl FnOnce(&mut Value) {
    move |claims| drop(claims.as_object_mut().unwrap().remove(name))
}

#[test]
fn r64_idtoken_sig_rs256_a_right_token_is_accepted_and_names_the_account() {
    for signer in [rsa(), elliptic()] {
        let token = signed_by(signer, |_| {}, &claims());
        let read = expected().verify(&token, &keys(&[rsa(), elliptic()]), NOW).unwrap();
        assert_eq!((read.subject.as_str(), read.all["name"].as_str()), ("ada", Some("Ada Lovelace")));
    }
}

#[test]
fn r58_r59_r60_r61_it_is_of_this_issuer_and_for_us_alone() {
    let cases: [(Change, IdTokenError); 9] = [
        (|it| it["iss"] = "https://id.example/".into(), IdTokenError::Issuer),
        (|it| it["iss"] = Value::Null, IdTokenError::Issuer),
        (|it| it["aud"] = "another".into(), IdTokenError::Audience),
        (|it| it["aud"] = json!(["another"]), IdTokenError::Audience),
        (|it| it["aud"] = json!([]), IdTokenError::Audience),
        (|it| it["aud"] = json!([CLIENT, "another"]), IdTokenError::Audience),
        (|it| it["aud"] = Value::Null, IdTokenError::Audience),
        (|it| it["azp"] = "another".into(), IdTokenError::AuthorizedParty),
        (|it| it["azp"] = 7.into(), IdTokenError::AuthorizedParty),
    ];
    for (change, error) in cases {
        assert_eq!(refused(&signed(change)), error);
    }
    let listed = signed(|it| (it["aud"], it["azp"]) = (json!([CLIENT]), CLIENT.into()));
    assert!(expected().verify(&listed, &keys(&[rsa()]), NOW).is_ok());
}

#[test]
fn r62_invalid_sig_rs256_a_wrong_signature_is_refused() {
    let token = signed(|_| {});
    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    bytes[7] ^= 1;
    assert_eq!(
        refused(&format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))),
        IdTokenError::Signature
    );
    assert_eq!(refused(&format!("{message}.")), IdTokenError::Signature);
    let forged = token.replacen(
        message.split_once('.').unwrap().1,
        &BASE64_URL_SAFE_NO_PAD.encode(json!({ "sub": "eve" }).to_string()),
        1,
    );
    assert_eq!(refused(&forged), IdTokenError::Signature);
}

#[test]
fn r63_no_algorithm_but_the_announced_ones_with_published_keys() {
    let header = |alg: &str| BASE64_URL_SAFE_NO_PAD.encode(json!({ "alg": alg }).to_string());
    let body = BASE64_URL_SAFE_NO_PAD.encode(claims().to_string());
    for alg in ["none", "None", "NONE", "HS256", "HS512", "RS1", ""] {
        let token = format!("{}.{body}.", header(alg));
        assert_eq!(refused(&token), IdTokenError::Algorithm(alg.into()), "{alg}");
    }
    // The public key taken for a shared secret.
    let public = serde_json::to_vec(&rsa().public).unwrap();
    let confused = jsonwebtoken::encode(&Header::default(), &claims(), &EncodingKey::from_secret(&public));
    assert_eq!(refused(&confused.unwrap()), IdTokenError::Algorithm("HS256".into()));
    let announced = ["ES256".to_owned()];
    let only = Expected { algorithms: Some(&announced), ..expected() };
    let refused = only.verify(&signed(|_| {}), &keys(&[rsa()]), NOW).unwrap_err();
    assert_eq!(refused, IdTokenError::Algorithm("RS256".into()));
}

#[test]
fn r65_r66_without_a_key_id_every_key_is_tried_and_an_unknown_one_is_told_apart() {
    let unnamed = signed_by(rsa(), |header| header.kid = None, &claims());
    assert!(expected().verify(&unnamed, &keys(&[rsa()]), NOW).is_ok());
    assert!(expected().verify(&unnamed, &keys(&[elliptic(), rsa()]), NOW).is_ok());
    let unknown = signed_by(rsa(), |header| header.kid = Some("rsa-2".into()), &claims());
    assert_eq!(refused(&unknown), IdTokenError::UnknownKey);
    // The name of one key over the signature of another.
    let mixed = signed_by(rsa(), |header| header.kid = Some("ec-1".into()), &claims());
    assert_eq!(refused(&mixed), IdTokenError::UnknownKey);
}

#[test]
fn r68_keys_in_the_header_count_for_nothing_and_unknown_extensions_refuse() {
    let own = DpopKey::generate().unwrap();
    let key = EncodingKey::from_ec_der(own.to_bytes());
    let public = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
    let eve = Signer { key, public: public.clone(), algorithm: Algorithm::ES256 };
    let token = signed_by(&eve, |header| header.jwk = Some(public), &claims());
    assert_eq!(refused(&token), IdTokenError::Signature);
    let critical = signed_by(rsa(), |header| header.crit = Some(vec!["exp".into()]), &claims());
    assert_eq!(refused(&critical), IdTokenError::Critical);
}

#[test]
fn r69_r70_it_lives_at_this_moment_and_was_made_about_now() {
    let at = |now: i64| expected().verify(&signed(|_| {}), &keys(&[rsa()]), now).map(drop);
    assert_eq!(at(NOW + 359), Ok(()), "clocks may be a minute apart");
    assert_eq!(at(NOW + 360), Err(IdTokenError::Expired));
    assert_eq!(refused(&signed(remove("exp"))), IdTokenError::Expired);
    assert_eq!(refused(&signed(remove("iat"))), IdTokenError::Malformed);
    assert_eq!(refused(&signed(|it| it["iat"] = (NOW + 601).into())), IdTokenError::Clock(601));
    assert_eq!(refused(&signed(|it| it["iat"] = (NOW - 601).into())), IdTokenError::Clock(-601));
    let fraction = signed(|it| it["iat"] = json!(1_795_247_999.5));
    assert!(expected().verify(&fraction, &keys(&[rsa()]), NOW).is_ok());
    assert_eq!(refused(&signed(|it| it["exp"] = "soon".into())), IdTokenError::Expired);
}

#[test]
fn r71_it_names_an_account() {
    for subject in
        [Value::Null, "".into(), 7.into(), "a".repeat(256).into(), "ada\u{e9}".into(), "a\nb".into()]
    {
        assert_eq!(refused(&signed(|it| it["sub"] = subject.clone())), IdTokenError::Subject, "{subject}");
    }
}

#[test]
fn r72_it_answers_this_sign_in() {
    assert_eq!(refused(&signed(remove("nonce"))), IdTokenError::Nonce);
    assert_eq!(refused(&signed(|it| it["nonce"] = "another".into())), IdTokenError::Nonce);
}

#[test]
fn r73_it_belongs_to_the_access_token_that_came_along() {
    let hash = |token: &str| BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(token)[..16]);
    let right = signed(|it| it["at_hash"] = hash(ACCESS).into());
    assert!(expected().verify(&right, &keys(&[rsa()]), NOW).is_ok());
    let wrong = signed(|it| it["at_hash"] = hash("access-2").into());
    assert_eq!(refused(&wrong), IdTokenError::AccessToken);
    assert_eq!(refused(&signed(|it| it["at_hash"] = 7.into())), IdTokenError::AccessToken);
}

#[test]
fn r78_a_sign_in_that_had_to_be_recent_was() {
    let session = Session::SignIn { nonce: NONCE, max_age_s: Some(300) };
    let recent = Expected { session, ..expected() };
    let ask = |change: Change| recent.verify(&signed(change), &keys(&[rsa()]), NOW).map(drop);
    assert_eq!(ask(|it| it["auth_time"] = (NOW - 360).into()), Ok(()));
    assert_eq!(ask(|it| it["auth_time"] = (NOW - 361).into()), Err(IdTokenError::AuthTime));
    assert_eq!(ask(|_| {}), Err(IdTokenError::AuthTime));
}

#[test]
fn r84_a_token_of_another_kind_is_no_id_token() {
    for kind in ["at+jwt", "dpop+jwt", "logout+jwt"] {
        let token = signed_by(rsa(), |header| header.typ = Some(kind.into()), &claims());
        assert_eq!(refused(&token), IdTokenError::OtherKind, "{kind}");
    }
}

#[test]
fn r46_a_renewal_is_of_the_same_account_and_the_same_sign_in() {
    let before = Refreshed { subject: "ada", nonce: Some(NONCE), auth_time: Some(NOW - 900) };
    let renewed = Expected { session: Session::Refresh(before), ..expected() };
    let ask = |change: Change| renewed.verify(&signed(change), &keys(&[rsa()]), NOW).map(drop);
    assert_eq!(ask(|_| {}), Ok(()));
    assert_eq!(ask(|it| it["nonce"] = Value::Null), Ok(()));
    assert_eq!(ask(|it| it["auth_time"] = (NOW - 900).into()), Ok(()));
    assert_eq!(ask(|it| it["sub"] = "eve".into()), Err(IdTokenError::OtherSubject));
    assert_eq!(ask(|it| it["nonce"] = "another".into()), Err(IdTokenError::Nonce));
    assert_eq!(ask(|it| it["auth_time"] = NOW.into()), Err(IdTokenError::AuthTime));
    assert_eq!(ask(|it| it["iss"] = "https://evil.example".into()), Err(IdTokenError::Issuer));
}

#[test]
fn what_is_no_token_is_refused_and_crashes_nothing() {
    let token = signed(|_| {});
    for cut in (0..token.len()).step_by(7) {
        assert!(expected().verify(&token[..cut], &keys(&[rsa()]), NOW).is_err());
    }
    let list = BASE64_URL_SAFE_NO_PAD.encode("[]");
    for odd in ["", ".", "..", "a.b.c", "....", &format!("{list}.{list}."), "\u{1f511}.\u{1f511}.\u{1f511}"] {
        assert_eq!(refused(odd), IdTokenError::Malformed, "{odd}");
    }
}
