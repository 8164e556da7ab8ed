//! Hands and eyes on a page, the same for the app's window and for the browser.
//!
//! Every action waits for its element: a page that is not finished is no failure until the patience ends.

use std::{fs, path::Path, time::Duration};

use fantoccini::{Client, Locator, elements::Element};
use serde_json::Value;

use crate::{
    Error, Result,
    target::{Query, Target},
    wait,
};

const PATIENCE: Duration = Duration::from_secs(15);

/// A frame is on the display when the one after the next begins.
const PAINTED: &str = "
    const done = arguments[arguments.length - 1]
    const frames = (left) => (left === 0 ? done() : requestAnimationFrame(() => frames(left - 1)))
    document.fonts.ready.then(() => frames(3))";

/// A page under WebDriver.
#[derive(Debug, Clone)]
pub struct Page {
    client: Client,
    patience: Duration,
}

impl Page {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, patience: PATIENCE }
    }

    /// The same page, waited for at most `patience` per step.
    #[must_use]
    pub fn with_patience(&self, patience: Duration) -> Self {
        Self { client: self.client.clone(), patience }
    }

    /// The WebDriver client, for what the methods here do not offer.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Waits until the element exists and is visible.
    pub async fn wait_for<'a>(&self, target: impl Into<Target<'a>>) -> Result<Element> {
        let target = target.into();
        self.retry(&format!("{target:?} to be visible"), async || self.visible(&target).await).await
    }

    /// Waits until the element's visible text contains `text`; the whole text is returned.
    pub async fn wait_for_text<'a>(&self, target: impl Into<Target<'a>>, text: &str) -> Result<String> {
        let target = target.into();
        self.retry(&format!("{target:?} to say {text:?}"), async || {
            let seen = self.visible(&target).await?.text().await.map_err(Error::page("read"))?;
            if seen.contains(text) { Ok(seen) } else { Err(Error::NotYet(format!("the text is {seen:?}"))) }
        })
        .await
    }

    /// Waits until no such element is visible.
    pub async fn wait_gone<'a>(&self, target: impl Into<Target<'a>>) -> Result<()> {
        let target = target.into();
        self.retry(&format!("{target:?} to disappear"), async || match self.first_visible(&target).await? {
            None => Ok(()),
            Some(_) => Err(Error::NotYet("the element is still there".into())),
        })
        .await
    }

    /// Clicks the element as soon as it can be clicked.
    pub async fn click<'a>(&self, target: impl Into<Target<'a>>) -> Result<()> {
        let target = target.into();
        self.retry(&format!("{target:?} to take a click"), async || {
            let element = self.visible(&target).await?;
            if element.is_enabled().await.map_err(Error::page("look"))? {
                element.click().await.map_err(Error::page("click"))
            } else {
                Err(Error::NotYet("the element is disabled".into()))
            }
        })
        .await
    }

    /// Replaces the content of a field.
    pub async fn fill<'a>(&self, target: impl Into<Target<'a>>, text: &str) -> Result<()> {
        let target = target.into();
        self.retry(&format!("{target:?} to take text"), async || {
            let element = self.visible(&target).await?;
            element.clear().await.map_err(Error::page("clear"))?;
            element.send_keys(text).await.map_err(Error::page("type"))
        })
        .await
    }

    /// The visible text of the first such element.
    pub async fn text<'a>(&self, target: impl Into<Target<'a>>) -> Result<String> {
        self.wait_for(target).await?.text().await.map_err(Error::page("read the text"))
    }

    /// An attribute of the first such element.
    pub async fn attribute<'a>(&self, target: impl Into<Target<'a>>, name: &str) -> Result<Option<String>> {
        let element = self.wait_for(target).await?;
        element.attr(name).await.map_err(Error::page(format!("read the attribute {name}")))
    }

    /// How many such elements exist at this moment, visible or not.
    pub async fn count<'a>(&self, target: impl Into<Target<'a>>) -> Result<usize> {
        Ok(self.all(&target.into()).await?.len())
    }

    /// All text a person can read on the page.
    pub async fn body(&self) -> Result<String> {
        self.text("body").await
    }

    /// The title.
    pub async fn title(&self) -> Result<String> {
        self.client.title().await.map_err(Error::page("read the title"))
    }

    /// The address.
    pub async fn url(&self) -> Result<String> {
        let url = self.client.current_url().await.map_err(Error::page("read the address"))?;
        Ok(url.to_string())
    }

    /// The markup, including what is not visible.
    pub async fn source(&self) -> Result<String> {
        self.client.source().await.map_err(Error::page("read the markup"))
    }

    /// Runs JavaScript as the body of a function; it sees `arguments` and may `return` a value.
    pub async fn execute(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        self.client.execute(script, arguments).await.map_err(Error::page("run a script"))
    }

    /// Runs JavaScript that ends by calling its last argument with the result.
    pub async fn execute_async(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        self.client.execute_async(script, arguments).await.map_err(Error::page("run a script"))
    }

    /// Saves the page, without the frame around it, as a PNG file.
    pub async fn screenshot(&self, path: impl AsRef<Path>) -> Result<()> {
        let image = self.client.screenshot().await.map_err(Error::page("take a screenshot"))?;
        fs::write(&path, image).map_err(Error::file("write", path.as_ref()))
    }

    /// Waits until what the page contains has been painted, letters included: for pictures of the display.
    pub async fn painted(&self) -> Result<()> {
        self.execute_async(PAINTED, vec![]).await.map(drop)
    }

    async fn retry<T>(&self, what: &str, step: impl AsyncFnMut() -> Result<T>) -> Result<T> {
        wait::until_ok(what, self.patience, step).await
    }

    async fn visible(&self, target: &Target<'_>) -> Result<Element> {
        let found = self.first_visible(target).await?;
        found.ok_or_else(|| Error::NotYet("the element is not visible".into()))
    }

    async fn first_visible(&self, target: &Target<'_>) -> Result<Option<Element>> {
        for element in self.all(target).await? {
            // An element that is redrawn while it is looked at is not visible at this moment.
            if element.is_displayed().await.unwrap_or(false) {
                return Ok(Some(element));
            }
        }
        Ok(None)
    }

    async fn all(&self, target: &Target<'_>) -> Result<Vec<Element>> {
        let query = target.query();
        let locator = match &query {
            Query::Css(css) => Locator::Css(css),
            Query::XPath(path) => Locator::XPath(path),
        };
        self.client.find_all(locator).await.map_err(Error::page("look for elements"))
    }
}
