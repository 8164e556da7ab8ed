//! The default browser once something has opened it: finds tabs and gives hands for them.

use std::{fs, time::Duration};

use fantoccini::Client;
use serde_json::json;

use crate::{
    Error, Page, Result,
    driver::{Driver, listens},
    environment::Environment,
    profile, wait,
};

const OPEN_LIMIT: Duration = Duration::from_secs(30);
/// How many drivers try to attach.
const TRIES: u32 = 4;

/// The running default browser.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    port: u16,
    // Held for its `Drop`.
    _driver: Driver,
}

impl Browser {
    /// Waits until the browser runs, and attaches to it.
    pub(crate) async fn attach(environment: &Environment) -> Result<Self> {
        let announcement = profile::folder(environment).join("DevToolsActivePort");
        let port = wait::until_ok("the default browser to be opened", OPEN_LIMIT, async || {
            let text = fs::read_to_string(&announcement).map_err(Error::file("read", &announcement))?;
            let port = text.lines().next().and_then(|line| line.parse::<u16>().ok());
            // The file of a browser that has ended stays behind.
            port.filter(|port| listens(*port))
                .ok_or_else(|| Error::NotYet("the browser does not listen".into()))
        })
        .await?;
        let mut last = None;
        for _ in 0..TRIES {
            match Self::attach_to(port, environment).await {
                // A driver that waits for a busy browser may wait for ever; the next one looks afresh.
                Err(error @ (Error::Failed { .. } | Error::Timeout { .. })) => last = Some(error),
                done => return done,
            }
        }
        Err(last.unwrap_or_else(|| Error::failed("chromedriver", "did not attach")))
    }

    async fn attach_to(port: u16, environment: &Environment) -> Result<Self> {
        let driver = Driver::chromium(environment)?;
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "debuggerAddress": format!("127.0.0.1:{port}") },
        });
        let client = driver.session(capabilities.as_object().cloned().unwrap_or_default()).await?;
        Ok(Self { client, port, _driver: driver })
    }

    /// The port on which the browser speaks the `DevTools` protocol.
    pub fn debugging_port(&self) -> u16 {
        self.port
    }

    /// Waits for the newest tab whose address or title contains `part`, and turns to it.
    ///
    /// Actions go to the tab that was turned to last: one page at a time.
    pub async fn tab(&self, part: &str) -> Result<Page> {
        wait::until_ok(&format!("a tab with {part:?}"), OPEN_LIMIT, async || {
            let mut seen = Vec::new();
            let tabs = self.client.windows().await.map_err(Error::page("list the tabs"))?;
            for tab in tabs.into_iter().rev() {
                self.client.switch_to_window(tab).await.map_err(Error::page("turn to a tab"))?;
                let page = Page::new(self.client.clone());
                let name = format!("{} {}", page.url().await?, page.title().await?);
                if name.contains(part) {
                    return Ok(page);
                }
                seen.push(name);
            }
            Err(Error::NotYet(format!("the browser shows {seen:?}")))
        })
        .await
    }

    /// Addresses of all tabs.
    pub async fn addresses(&self) -> Result<Vec<String>> {
        let mut addresses = Vec::new();
        for tab in self.client.windows().await.map_err(Error::page("list the tabs"))? {
            self.client.switch_to_window(tab).await.map_err(Error::page("turn to a tab"))?;
            addresses.push(Page::new(self.client.clone()).url().await?);
        }
        Ok(addresses)
    }

    /// Closes the tab that was turned to last. A blank one stays: the browser ends with its last tab, and takes along
    /// what is opened while it ends.
    pub async fn close_tab(&self) -> Result<()> {
        self.client.new_window(true).await.map_err(Error::page("open a blank tab"))?;
        self.client.close_window().await.map_err(Error::page("close the tab"))
    }
}
