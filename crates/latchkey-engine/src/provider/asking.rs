//! Which scopes a sign-in asks for: what the file always asks for, and what the person chose to allow.

use super::{Provider, Purpose};

/// A purpose that the provider's file does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no purpose called {0}")]
pub(crate) struct UnknownPurpose(pub(crate) String);

impl Provider {
    /// The scopes of a first sign-in, for the chosen purposes; for those of the file where nobody has chosen.
    pub(crate) fn scopes_for(&self, chosen: Option<&[String]>) -> Result<Vec<String>, UnknownPurpose> {
        let by_default = |purpose: &&Purpose| purpose.default;
        let purposes: Vec<&Purpose> = match chosen {
            Some(chosen) => self.purposes(chosen)?,
            None => self.file.purposes.iter().filter(by_default).collect(),
        };
        Ok(self.joined(&[], &purposes))
    }

    /// Every scope that a sign-in may ever ask for.
    pub(crate) fn every_scope(&self) -> Vec<String> {
        self.joined(&[], &self.file.purposes.iter().collect::<Vec<_>>())
    }

    /// The scopes of a sign-in that renews a connection: what was asked for before, as far as the file still
    /// knows it, and what `further` purposes take.
    pub(crate) fn scopes_again(
        &self,
        asked: &[String],
        further: &[String],
    ) -> Result<Vec<String>, UnknownPurpose> {
        let known = |scope: &&String| self.file.purposes.iter().any(|purpose| purpose.scopes.contains(scope));
        let kept: Vec<String> = asked.iter().filter(known).cloned().collect();
        Ok(self.joined(&kept, &self.purposes(further)?))
    }

    /// The same provider, asking for these scopes.
    pub(crate) fn asking(&self, scopes: &[String]) -> Self {
        let mut asking = self.clone();
        scopes.clone_into(&mut asking.file.authorization.scopes);
        asking
    }

    fn purposes(&self, ids: &[String]) -> Result<Vec<&Purpose>, UnknownPurpose> {
        let named = |id: &String| {
            let found = self.file.purposes.iter().find(|purpose| &purpose.id == id);
            found.ok_or_else(|| UnknownPurpose(id.clone()))
        };
        ids.iter().map(named).collect()
    }

    /// Each scope once: those that are always asked for, then `kept`, then those of `purposes`.
    fn joined(&self, kept: &[String], purposes: &[&Purpose]) -> Vec<String> {
        let always = &self.file.authorization.scopes;
        let chosen = purposes.iter().flat_map(|purpose| &purpose.scopes);
        let mut scopes: Vec<String> = Vec::new();
        for scope in always.iter().chain(kept).chain(chosen) {
            if !scopes.contains(scope) {
                scopes.push(scope.clone());
            }
        }
        scopes
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use latchkey_protocol::ProviderId;

    use super::*;
    use crate::provider::Catalog;

    fn spotify() -> Provider {
        let catalog = Catalog::load(Path::new("/nonexistent"), None);
        catalog.provider(&ProviderId::try_from("spotify").unwrap()).unwrap().as_ref().clone()
    }

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn without_a_choice_the_file_chooses_and_a_choice_is_taken_as_it_is() {
        let reading = ["user-read-recently-played", "user-library-read", "playlist-read-private"];
        assert_eq!(spotify().scopes_for(None).unwrap(), reading);
        assert_eq!(spotify().scopes_for(Some(&[])).unwrap(), owned(&[]));
        let following = spotify().scopes_for(Some(&owned(&["follow"]))).unwrap();
        assert_eq!(following, ["user-follow-read", "user-follow-modify"]);
        let unknown = spotify().scopes_for(Some(&owned(&["everything"])));
        assert_eq!(unknown, Err(UnknownPurpose("everything".into())));
    }

    #[test]
    fn a_sign_in_anew_keeps_what_was_asked_for_and_adds_what_is_granted_further() {
        let asked = owned(&["user-library-read", "a-scope-of-last-year"]);
        assert_eq!(spotify().scopes_again(&asked, &[]).unwrap(), ["user-library-read"]);
        let more = spotify().scopes_again(&asked, &owned(&["read-library", "edit-library"])).unwrap();
        assert_eq!(more, ["user-library-read", "playlist-read-private", "user-library-modify"]);
    }
}
