//! An issuer of OpenID Connect that tells the truth unless it is told to lie: discovery, keys, tokens, userinfo.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::support::World;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use latchkey_engine::{Callback, ClientSecret, Clock as _, ManualClock};
use latchkey_oidc::DpopKey;
use latchkey_protocol::{Keep, Overview, Problem, ProviderId, Redirect, SignInEnding, SignInStage};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::{Url, form_urlencoded};

pub(crate) const CLIENT: &str = "latchkey-at-the-issuer";

/// A change to what would be right.
pub(crate) type Lie = fn(&mut Value);

/// A key with which ID tokens are signed.
pub(crate) struct Signer {
    key: EncodingKey,
    pub(crate) public: Jwk,
}

impl Signer {
    pub(crate) fn new(kid: Option<&str>) -> Self {
        let key = EncodingKey::from_ec_der(DpopKey::generate().unwrap().to_bytes());
        let mut public = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
        public.common.key_id = kid.map(str::to_owned);
        Self { key, public }
    }
}

/// A request that it met.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) head: String,
    pub(crate) form: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// What it says, and how far it lies.
pub(crate) struct State {
    /// Its discovery document.
    pub(crate) document: Value,
    /// Signs; the keys that are published follow it unless [`State::published`] says otherwise.
    pub(crate) signer: Signer,
    pub(crate) published: Option<Vec<Jwk>>,
    pub(crate) claims: Lie,
    pub(crate) header: fn(&mut Header),
    /// What becomes of a signed ID token.
    pub(crate) token: fn(String) -> Option<String>,
    pub(crate) userinfo: Lie,
    /// What it calls its access tokens.
    pub(crate) token_type: &'static str,
    /// What each proof has to repeat (RFC 9449 8, 9).
    pub(crate) nonce_wanted: Option<&'static str>,
    /// Paths that answer 503.
    pub(crate) down: BTreeSet<&'static str>,
    /// Paths with an answer of their own: status, headers, body.
    pub(crate) instead: BTreeMap<&'static str, (u16, String, String)>,
    pub(crate) asked: Vec<Asked>,
    nonce: Option<String>,
    pushed: BTreeMap<String, BTreeMap<String, String>>,
    issued: usize,
    clock: Arc<ManualClock>,
}

/// The issuer, and an engine that knows of it nothing but its address.
pub(crate) struct Issuer {
    pub(crate) world: World,
    pub(crate) origin: String,
    state: Arc<Mutex<State>>,
}

impl Issuer {
    /// A running engine, and a client id that was saved for the issuer.
    pub(crate) fn new() -> Self {
        let issuer = Self::without_client();
        issuer.save_client(CLIENT, "");
        issuer
    }

    pub(crate) fn without_client() -> Self {
        Self::described(None)
    }

    /// An issuer that binds tokens to a key (RFC 9449), as a file of the person's own says.
    pub(crate) fn binding() -> Self {
        let file = include_str!("../../../../providers/oidc.toml");
        let issuer = Self::described(Some(&file.replace("pkce =", "dpop = true\npkce =")));
        issuer.state().token_type = "DPoP";
        issuer.save_client(CLIENT, "");
        issuer
    }

    fn described(file: Option<&str>) -> Self {
        let mut world = World::before_the_start();
        if let Some(file) = file {
            world.write_provider("oidc.toml", file);
        }
        let listener = world.outside(TcpListener::bind("127.0.0.1:0")).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::honest(&origin, world.clock.clone())));
        let of = state.clone();
        world.beside(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, of.clone()));
            }
        });
        world.start();
        Self { world, origin, state }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn save_client(&self, id: &str, secret: &str) {
        self.save_at(&self.origin, id, secret);
    }

    /// Saves the client for an issuer that is written in another way, or for another one.
    pub(crate) fn save_client_at(&self, issuer: &str) {
        self.save_at(issuer, CLIENT, "");
    }

    fn save_at(&self, issuer: &str, id: &str, secret: &str) {
        let variables = [("issuer".to_owned(), issuer.to_owned())].into();
        let (id, secret) = (id.to_owned(), ClientSecret::from(secret));
        self.world.run(self.world.engine().save_client(any(), variables, id, secret)).unwrap();
    }

    pub(crate) fn begin(&self) -> Result<Url, Problem> {
        self.begin_at(&self.origin)
    }

    pub(crate) fn begin_at(&self, issuer: &str) -> Result<Url, Problem> {
        let variables = [("issuer".to_owned(), issuer.to_owned())].into();
        let begun = self.world.engine().begin_sign_in(any(), variables, Keep::Keychain, None, None);
        self.world.run(begun).map(|(_, url)| url.unwrap())
    }

    /// The browser's part: the person agrees, and the link that leads back is returned.
    pub(crate) fn agree(&self, url: &Url) -> String {
        let mut asked: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        let mut state = self.state();
        if let Some(reference) = asked.get("request_uri") {
            asked = state.pushed.remove(reference).unwrap();
        }
        state.nonce = asked.get("nonce").cloned();
        let mut link = Url::parse(&asked["redirect_uri"]).unwrap();
        link.query_pairs_mut().append_pair("code", "planted-code").append_pair("state", &asked["state"]);
        link.into()
    }

    /// A whole sign-in, up to its end.
    pub(crate) fn sign_in(&self) -> Overview {
        let link = self.agree(&self.begin().unwrap());
        self.come_back(&link)
    }

    pub(crate) fn come_back(&self, link: &str) -> Overview {
        assert_eq!(self.world.link(link), Callback::Taken);
        self.world.until("over", |overview| {
            let ended = matches!(stage(overview), Some(SignInStage::Ended { .. }));
            ended || stage(overview).is_none()
        });
        self.world.overview()
    }

    /// A whole sign-in with a code that somebody types elsewhere at once.
    pub(crate) fn sign_in_by_code(&self) -> Overview {
        let place = format!("{}/device", self.origin);
        self.state().document["device_authorization_endpoint"] = place.into();
        let variables = [("issuer".to_owned(), self.origin.clone())].into();
        let way = Some(Redirect::DeviceCode);
        self.world
            .run(self.world.engine().begin_sign_in(any(), variables, Keep::Keychain, way, None))
            .unwrap();
        self.world.advance_until("over", 1_000, |overview| {
            let ended = matches!(stage(overview), Some(SignInStage::Ended { .. }));
            ended || stage(overview).is_none()
        });
        self.world.overview()
    }

    /// What a sign-in that must fail says. Nothing may be stored.
    pub(crate) fn fails(&self) -> String {
        self.failed(&self.sign_in())
    }

    /// What a sign-in that had to fail said.
    pub(crate) fn failed(&self, overview: &Overview) -> String {
        assert_eq!(overview.connections, []);
        assert_eq!(self.world.count("SELECT count(*) FROM sign_ins"), 0);
        let Some(SignInStage::Ended { ending: SignInEnding::Failed { problem } }) = stage(overview) else {
            panic!("{:?}", stage(overview))
        };
        problem.to_string()
    }

    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        self.state().asked.iter().filter(|asked| asked.path == path).cloned().collect()
    }

    /// Signs in, or renews, and returns once the issuer has met so many requests of this path.
    pub(crate) fn until_asked(&self, path: &str, count: usize) {
        self.world.until(path, |_| self.asked(path).len() >= count);
    }
}

fn stage(overview: &Overview) -> Option<SignInStage> {
    let provider = overview.providers.iter().find(|provider| provider.id == any())?;
    provider.sign_in.as_ref().map(|sign_in| sign_in.stage.clone())
}

/// The provider of any issuer.
pub(crate) fn any() -> ProviderId {
    ProviderId::try_from("oidc").unwrap()
}

impl State {
    fn honest(origin: &str, clock: Arc<ManualClock>) -> Self {
        let document = json!({
            "issuer": origin,
            "authorization_endpoint": format!("{origin}/authorize?kind=1"),
            "token_endpoint": format!("{origin}/token"),
            "jwks_uri": format!("{origin}/jwks"),
            "userinfo_endpoint": format!("{origin}/me"),
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none", "client_secret_basic"],
            "id_token_signing_alg_values_supported": ["ES256", "RS256"],
        });
        Self {
            document,
            signer: Signer::new(Some("first")),
            published: None,
            claims: |_| {},
            header: |_| {},
            token: Some,
            userinfo: |_| {},
            token_type: "Bearer",
            nonce_wanted: None,
            down: BTreeSet::new(),
            instead: BTreeMap::new(),
            asked: Vec::new(),
            nonce: None,
            pushed: BTreeMap::new(),
            issued: 0,
            clock,
        }
    }

    fn answer(&mut self, asked: &Asked) -> (u16, String, String) {
        let json = |status: u16, value: &Value| {
            (status, "content-type: application/json\r\n".to_owned(), value.to_string())
        };
        if let Some(instead) = self.instead.get(asked.path.as_str()) {
            return instead.clone();
        }
        if self.down.contains(asked.path.as_str()) {
            return json(503, &json!({}));
        }
        if let Some(answer) = self.refused_for_its_nonce(asked) {
            return answer;
        }
        match asked.path.as_str() {
            "/.well-known/openid-configuration" => json(200, &self.document),
            "/jwks" => {
                let published = self.published.clone().unwrap_or_else(|| vec![self.signer.public.clone()]);
                json(200, &json!({ "keys": published }))
            }
            "/token" => json(200, &self.tokens(asked)),
            "/me" => {
                let mut claims = json!({ "sub": "ada", "name": "Ada Lovelace" });
                (self.userinfo)(&mut claims);
                json(200, &claims)
            }
            "/par" => {
                let reference = format!("urn:ietf:params:oauth:request_uri:{}", self.pushed.len() + 1);
                self.pushed.insert(reference.clone(), asked.form.clone());
                json(201, &json!({ "request_uri": reference, "expires_in": 60 }))
            }
            "/device" => json(
                200,
                &json!({
                    "device_code": "planted-device-code", "user_code": "WDJB-MJHT",
                    "verification_uri": self.document["issuer"], "expires_in": 600, "interval": 5,
                }),
            ),
            "/register" => json(201, &json!({ "client_id": "registered-here" })),
            _ => json(404, &json!({})),
        }
    }

    /// The answer to a proof that does not repeat the nonce.
    fn refused_for_its_nonce(&self, asked: &Asked) -> Option<(u16, String, String)> {
        let wanted = self.nonce_wanted?;
        let proof = asked.head.lines().find_map(|line| line.strip_prefix("dpop: "))?;
        let claims = BASE64_URL_SAFE_NO_PAD.decode(proof.split('.').nth(1)?).ok()?;
        let claims: Value = serde_json::from_slice(&claims).ok()?;
        let answer = |status, challenge: &str, body: &str| {
            (status, format!("dpop-nonce: {wanted}\r\n{challenge}"), body.to_owned())
        };
        (claims["nonce"] != wanted).then(|| match asked.path.as_str() {
            "/token" => answer(400, "", r#"{"error":"use_dpop_nonce"}"#),
            _ => answer(401, "www-authenticate: DPoP error=\"use_dpop_nonce\"\r\n", ""),
        })
    }

    fn tokens(&mut self, asked: &Asked) -> Value {
        self.issued += 1;
        let (access, refresh) = (format!("access-{}", self.issued), format!("refresh-{}", self.issued));
        let mut answer = json!({
            "access_token": access, "refresh_token": refresh, "token_type": self.token_type, "expires_in": 3600,
        });
        let client = asked.form.get("client_id").map_or(CLIENT, String::as_str);
        let now = self.clock.wall().0 / 1000;
        let mut claims = json!({
            "iss": self.document["issuer"], "sub": "ada", "aud": client, "iat": now, "exp": now + 300,
            "auth_time": 1_795_247_000, "name": "Ada by her token",
        });
        if asked.form.contains_key("code") {
            claims["nonce"] = self.nonce.clone().into();
        }
        (self.claims)(&mut claims);
        let mut header = Header::new(Algorithm::ES256);
        header.kid.clone_from(&self.signer.public.common.key_id);
        (self.header)(&mut header);
        let token = jsonwebtoken::encode(&header, &claims, &self.signer.key).unwrap();
        if let Some(token) = (self.token)(token) {
            answer["id_token"] = token.into();
        }
        answer
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let Some(asked) = read(&mut stream).await else { return };
    let (status, headers, body) = {
        let mut state = state.lock().unwrap();
        state.asked.push(asked.clone());
        state.answer(&asked)
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
            let length: usize = length.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                return Some(asked(&bytes[..end], &bytes[end + 4..]));
            }
        }
        let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
    }
}

fn asked(head: &[u8], body: &[u8]) -> Asked {
    let (head, body) =
        (String::from_utf8_lossy(head).into_owned(), String::from_utf8_lossy(body).into_owned());
    let mut words = head.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let form = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    Asked { method, path, head, form, body }
}

/// The same ID token with other claims, and therefore with a signature that is none of it.
pub(crate) fn forged(token: &str, lie: Lie) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims: Value =
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    lie(&mut claims);
    format!("{}.{}.{}", parts[0], BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()), parts[2])
}

/// A token without a signature, whose header names this algorithm.
pub(crate) fn unsigned(token: &str, algorithm: &str) -> String {
    let header = BASE64_URL_SAFE_NO_PAD.encode(json!({ "alg": algorithm }).to_string());
    format!("{header}.{}.", token.split('.').nth(1).unwrap())
}

/// The same token under a header that names no algorithm.
pub(crate) fn without_algorithm(token: &str) -> String {
    let header = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":null,"kid":"first"}"#);
    format!("{header}.{}", token.split_once('.').unwrap().1)
}
