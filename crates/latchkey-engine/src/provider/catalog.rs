//! The providers there are: those that ship with Latchkey, and the person's own files, which win.
//!
//! A file that is wrong is named and left alone; all others load.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use latchkey_protocol::ProviderId;

use super::Provider;
use super::file::{self, FileFault};

// `BUILT_IN: &[(&str, &str)]`, file name and text of each file in `providers/`.
include!(concat!(env!("OUT_DIR"), "/built_in.rs"));

/// The built-in providers that are the same for every catalogue, read once in the life of the process.
static READ: LazyLock<Vec<Option<Arc<Provider>>>> = LazyLock::new(|| {
    let read = |text: &str| {
        let everywhere = (!text.contains("{sandbox}")).then(|| file::parse(text).and_then(named));
        everywhere.and_then(Result::ok).map(Arc::new)
    };
    BUILT_IN.iter().map(|(_, text)| read(text)).collect()
});

/// What is wrong with one file of the person's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CatalogNotice {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: FileFault,
}

/// The providers at hand, by id, in the order in which people see them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Catalog {
    providers: Vec<Arc<Provider>>,
    notices: Vec<CatalogNotice>,
}

impl Catalog {
    /// The built-in providers, then those of `folder`. `sandbox` is the origin of a running sandbox;
    /// without one its provider is left out.
    pub(crate) fn load(folder: &Path, sandbox: Option<&str>) -> Self {
        let mut catalog = Self::default();
        for ((name, text), read) in BUILT_IN.iter().zip(READ.iter()) {
            match read {
                Some(provider) => catalog.providers.push(provider.clone()),
                None => drop(catalog.take(Path::new(name), text, sandbox)),
            }
        }
        let mut own = BTreeSet::new();
        for (path, text) in own_files(folder, &mut catalog.notices) {
            own.extend(catalog.take(&path, &text, sandbox));
        }
        let needs_sandbox = |provider: &Arc<Provider>| provider.file.authorization.url.contains("{sandbox}");
        catalog.providers.retain(|provider| !needs_sandbox(provider));
        // What a person wrote is what a person looks for.
        catalog.providers.sort_by_key(|provider| (!provider.file.for_testing, !own.contains(&provider.id)));
        catalog
    }

    /// Every provider.
    pub(crate) fn providers(&self) -> &[Arc<Provider>] {
        &self.providers
    }

    /// One provider.
    pub(crate) fn provider(&self, id: &ProviderId) -> Option<&Arc<Provider>> {
        self.providers.iter().find(|provider| &provider.id == id)
    }

    /// What is wrong with files of the person's own.
    pub(crate) fn notices(&self) -> &[CatalogNotice] {
        &self.notices
    }

    fn take(&mut self, path: &Path, text: &str, sandbox: Option<&str>) -> Option<ProviderId> {
        let text = sandbox.map_or_else(|| text.to_owned(), |origin| text.replace("{sandbox}", origin));
        match file::parse(&text).and_then(named) {
            Ok(provider) => {
                self.providers.retain(|known| known.id != provider.id);
                let id = provider.id.clone();
                self.providers.push(Arc::new(provider));
                Some(id)
            }
            Err(fault) => {
                self.notices.push(CatalogNotice { path: path.to_owned(), fault });
                None
            }
        }
    }
}

fn named(file: file::ProviderFile) -> Result<Provider, FileFault> {
    let id = ProviderId::try_from(file.id.as_str()).map_err(|error| FileFault {
        line: None,
        message: error.to_string(),
        remedy: "Choose another id.".to_owned(),
    })?;
    Ok(Provider { id, file })
}

/// The texts of all `*.toml` files of `folder`, by name. Two files with one id: the later name wins, and
/// that is said.
fn own_files(folder: &Path, notices: &mut Vec<CatalogNotice>) -> BTreeMap<PathBuf, String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return BTreeMap::new();
    };
    let mut texts = BTreeMap::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        match std::fs::read_to_string(&path) {
            Ok(text) => drop(texts.insert(path, text)),
            Err(error) => notices.push(CatalogNotice { path, fault: unreadable(&error) }),
        }
    }
    texts
}

fn unreadable(error: &std::io::Error) -> FileFault {
    FileFault {
        line: None,
        message: format!("the file cannot be read: {error}"),
        remedy: "Make it a readable text file in UTF-8, or remove it.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SANDBOX: Option<&str> = Some("http://127.0.0.1:4100");

    fn with_file(text: &str) -> Catalog {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.toml"), text).unwrap();
        Catalog::load(folder.path(), SANDBOX)
    }

    fn built_in(name: &str) -> &'static str {
        BUILT_IN.iter().find(|(file, _)| *file == name).unwrap().1
    }

    #[test]
    fn the_built_in_files_load_without_a_word() {
        let catalog = Catalog::load(Path::new("/nonexistent"), SANDBOX);
        assert_eq!(catalog.notices(), []);
        let ids: Vec<_> = catalog.providers().iter().map(|provider| provider.id.as_str()).collect();
        assert!(ids.contains(&"spotify") && ids.contains(&"sandbox"), "{ids:?}");
    }

    #[test]
    fn id_tokens_are_verified_where_the_issuer_is_known_to_keep_to_the_standard_and_nowhere_else() {
        let catalog = Catalog::load(Path::new("/nonexistent"), SANDBOX);
        let open = |one: &&Arc<Provider>| one.file.availability.reason.is_none();
        let verifies = |one: &&Arc<Provider>| one.file.verified_issuer().is_some();
        let verifying = catalog.providers().iter().filter(open).filter(verifies);
        let ids: Vec<_> = verifying.map(|provider| provider.id.as_str()).collect();
        let expected = [
            "auth0",
            "authentik",
            "google",
            "keycloak",
            "oidc",
            "okta",
            "roblox",
            "slack-oidc",
            "vercel",
            "xero",
            "youtube",
            "zitadel",
        ];
        assert_eq!(ids, expected);
    }

    #[test]
    fn without_a_running_sandbox_its_provider_is_left_out() {
        let catalog = Catalog::load(Path::new("/nonexistent"), None);
        assert!(catalog.providers().iter().all(|provider| provider.id.as_str() != "sandbox"));
    }

    #[test]
    fn a_file_of_the_persons_own_wins_over_a_built_in_one() {
        let mine = built_in("spotify.toml").replace("name = \"Spotify\"", "name = \"My Spotify\"");
        let catalog = with_file(&mine);
        let spotify = catalog.provider(&ProviderId::try_from("spotify").unwrap()).unwrap();
        assert_eq!(spotify.file.name, "My Spotify");
    }

    #[test]
    fn each_fault_is_named_with_its_line_and_a_remedy_and_the_rest_loads() {
        let good = built_in("spotify.toml");
        let line_of = |needle: &str| 1 + good.lines().position(|line| line.contains(needle)).unwrap();
        let cases = [
            (good.replace("summary =", "sumary ="), "sumary", Some(line_of("summary ="))),
            (
                good.replace(
                    "url = \"https://accounts.spotify.com/api",
                    "url = \"http://accounts.spotify.com/api",
                ),
                "unprotected",
                Some(line_of("/api/token")),
            ),
            (good.replace("[\"/account_id\"", "[\"account_id\""), "JSON Pointer", Some(line_of("key = ["))),
            (
                good.replace("id = \"spotify\"", "id = \"Spo/tify\""),
                "redirect URI",
                Some(line_of("id = \"spotify\"")),
            ),
            (
                good.replace("name = \"Spotify\"", "name = 3"),
                "invalid type",
                Some(line_of("name = \"Spotify\"")),
            ),
            (good.replace("show_dialog =", "state ="), "set by Latchkey", Some(line_of("show_dialog"))),
            ("id = \"x\"\n".to_owned(), "missing field", Some(1)),
            (good.replace("show_dialog =", "request_uri ="), "set by Latchkey", Some(line_of("show_dialog"))),
            (
                good.replace(
                    "url = \"https://accounts.spotify.com/authorize\"",
                    "url = \"{authorization_endpoint}\"",
                ),
                "nothing says what",
                Some(line_of("/authorize\"")),
            ),
            (
                good.replace("redirects =", "discovery = \"endpoints\"\nredirects ="),
                "discovery needs an issuer",
                Some(line_of("redirects =")),
            ),
            (
                good.replace("redirects =", "par_required = true\nredirects ="),
                "needs a place to push to",
                Some(line_of("redirects =")),
            ),
            ("= broken".to_owned(), "", Some(1)),
        ];
        for (text, says, line) in cases {
            let catalog = with_file(&text);
            let [notice] = catalog.notices() else { panic!("{says}: {:?}", catalog.notices()) };
            assert!(notice.fault.message.contains(says), "{says}: {:?}", notice.fault);
            assert_eq!(notice.fault.line, line, "{says}");
            assert!(!notice.fault.remedy.is_empty());
            assert!(catalog.provider(&ProviderId::try_from("spotify").unwrap()).is_some());
        }
    }
}
