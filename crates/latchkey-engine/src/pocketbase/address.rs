//! Where a record is: a server, a collection on it, an id in that. Together they are the key of an account, for
//! ids of two servers may be alike.

use std::fmt;

use url::{Host, Url};

use crate::connection::Values;
use crate::provider::file::check_url;

/// The collection that every PocketBase has.
pub(crate) const USERS: &str = "users";
/// The collection of those who may do everything.
const SUPERUSERS: [&str; 2] = ["_superusers", "pbc_3142635823"];

/// A collection of a server whose records sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Realm {
    server: Url,
    /// Its name or its id: the server takes either.
    pub(crate) collection: String,
}

impl Realm {
    /// Reads what a person typed. An address without a scheme is https, unless it is a loopback literal; of a
    /// link to the dashboard or the API the server is taken.
    pub(crate) fn read(server: &str, collection: &str) -> Result<Self, RealmFault> {
        let typed = server.trim();
        let with_scheme = if typed.contains("://") { typed.to_owned() } else { with_scheme(typed) };
        let mut server =
            Url::parse(&with_scheme).map_err(|_| RealmFault::Server("this is not an address"))?;
        if server.host() == Some(Host::Domain("localhost")) && server.set_host(Some("127.0.0.1")).is_err() {
            return Err(RealmFault::Server("this is not an address"));
        }
        server.set_query(None);
        server.set_fragment(None);
        let path = server.path();
        let path = ["/_", "/api"].iter().fold(path, |path, end| {
            path.split_once(&format!("{end}/")).map_or(path, |(before, _)| before).trim_end_matches(end)
        });
        server.set_path(&format!("{}/", path.trim_end_matches('/')));
        let server = check_url(server.as_str()).map_err(RealmFault::Server)?;
        let collection = collection.trim();
        let collection = if collection.is_empty() { USERS } else { collection };
        let plain = collection.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !plain || collection.len() > 255 {
            return Err(RealmFault::Collection);
        }
        Ok(Self { server, collection: collection.to_owned() })
    }

    /// The URL of one of the collection's calls, such as `auth-refresh`. `parts` come from the server's own
    /// answers or this program and are escaped.
    pub(crate) fn endpoint(&self, parts: &[&str]) -> Url {
        let mut url = self.server.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["api", "collections", &self.collection]).extend(parts);
        }
        url
    }

    /// Where it is, by the names that a provider file has for that.
    pub(crate) fn values(&self) -> Values {
        let (server, collection) = (self.server().to_owned(), self.collection.clone());
        [("server".to_owned(), server), ("collection".to_owned(), collection)].into()
    }

    /// The server as people write it, without the slash at its end.
    pub(crate) fn server(&self) -> &str {
        self.server.as_str().trim_end_matches('/')
    }

    /// Whether those who sign in here may do everything.
    pub(crate) fn is_of_superusers(&self) -> bool {
        SUPERUSERS.contains(&self.collection.as_str())
    }

    /// The same server, another collection.
    pub(crate) fn with_collection(&self, collection: &str) -> Result<Self, RealmFault> {
        Self::read(self.server(), collection)
    }
}

fn with_scheme(typed: &str) -> String {
    let host = Url::parse(&format!("http://{typed}"));
    let loopback =
        host.is_ok_and(|url| check_url(url.as_str()).is_ok() || url.host_str() == Some("localhost"));
    format!("{}://{typed}", if loopback { "http" } else { "https" })
}

/// What is wrong with a typed address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RealmFault {
    /// The server cannot be meant, or what is sent to it would travel unprotected.
    Server(&'static str),
    /// The collection has a name that none has.
    Collection,
}

/// One record: the immutable key of an account, in the form in which it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// Where it is; the collection by its id.
    pub(crate) realm: Realm,
    /// Its id.
    pub(crate) record: String,
    /// Who acts in its name, where that is not itself.
    pub(crate) acting: Option<String>,
}

impl Address {
    /// Reads its written form.
    pub(crate) fn from_key(key: &str) -> Option<Self> {
        let mut words = key.splitn(4, ' ');
        let realm = Realm::read(words.next()?, words.next()?).ok()?;
        Some(Self { realm, record: words.next()?.to_owned(), acting: words.next().map(str::to_owned) })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.realm.server(), self.realm.collection, self.record)?;
        self.acting.as_ref().map_or(Ok(()), |acting| write!(f, " {acting}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(typed: &str) -> Result<String, RealmFault> {
        Realm::read(typed, "").map(|realm| realm.server().to_owned())
    }

    #[test]
    fn one_server_has_one_spelling_however_it_is_typed() {
        for typed in [
            "PB.Example.com",
            " https://pb.example.com/ ",
            "https://pb.example.com/_/#/login",
            "https://pb.example.com/api/",
            "https://pb.example.com:443/_/?x=1",
        ] {
            assert_eq!(server(typed).as_deref(), Ok("https://pb.example.com"), "{typed}");
        }
        assert_eq!(server("https://example.com/pb/api").as_deref(), Ok("https://example.com/pb"));
        assert_eq!(server("localhost:8090").as_deref(), Ok("http://127.0.0.1:8090"));
        assert_eq!(server("127.0.0.1:8090").as_deref(), Ok("http://127.0.0.1:8090"));
    }

    #[test]
    fn a_secret_never_travels_unprotected() {
        for typed in ["http://pb.example.com", "ftp://pb.example.com", "https://a:b@pb.example.com", ""] {
            assert!(matches!(server(typed), Err(RealmFault::Server(_))), "{typed}");
        }
        assert_eq!(Realm::read("pb.example.com", "a/../b"), Err(RealmFault::Collection));
    }

    #[test]
    fn a_key_is_read_as_it_was_written() {
        let realm = Realm::read("https://example.com/pb", "_pb_users_auth_").unwrap();
        for acting in [None, Some("ada@example.com".to_owned())] {
            let address = Address { realm: realm.clone(), record: "r1".into(), acting };
            assert_eq!(Address::from_key(&address.to_string()), Some(address));
        }
        assert_eq!(Address::from_key("ada"), None);
    }

    #[test]
    fn a_call_is_below_the_path_of_the_server() {
        let realm = Realm::read("https://example.com/pb", "").unwrap();
        let url = realm.endpoint(&["impersonate", "a/b"]);
        assert_eq!(url.as_str(), "https://example.com/pb/api/collections/users/impersonate/a%2Fb");
    }
}
