//! Operations on the clients that Latchkey is to providers.

use std::collections::BTreeMap;

use latchkey_protocol::{Keep, Problem, ProblemCode, ProviderId, ProviderView};

use super::Engine;
use crate::credential::ClientSecret;
use crate::{clients, sign_in};

impl Engine {
    /// Saves the client of a provider, on the server that `variables` name. An empty id removes it; an empty
    /// secret leaves the one that is saved for this id.
    pub async fn save_client(
        &self,
        provider: ProviderId,
        variables: BTreeMap<String, String>,
        client_id: String,
        client_secret: ClientSecret,
    ) -> Result<ProviderView, Problem> {
        let known = self.provider(&provider)?;
        let variables = known.file.values(&variables).map_err(|(_, variable)| {
            let message =
                format!("{} is missing, or is not {}.", variable.words, variable.pattern.in_words());
            Problem::new(ProblemCode::InvalidInput, message).hint("Put it right and save again.")
        })?;
        let secret = client_secret.typed();
        if secret.is_some() {
            let others = sign_in::others_need_the_key(&self.parts, None);
            self.parts.vault.prepare(Keep::Keychain, others, &self.parts.entropy).await?;
        }
        clients::save(&self.parts, known, &variables, &client_id, secret).await?;
        Ok(self.parts.view_of_provider(known))
    }
}
