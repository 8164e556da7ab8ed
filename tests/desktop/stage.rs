//! A desktop with the app on it and a provider beside it.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use latchkey_rig::{App, AppWindow, Browser, Desktop, DesktopOptions, KeyringStart, Page, Screen, wait};
use latchkey_sandbox::{Control, Endpoint, Entry, HeldRequest, Sandbox, SandboxOptions};

pub(crate) const SERVICE: &str = "dev.latchkey.desktop";
pub(crate) const SCHEME: &str = "dev.latchkey.app";
pub(crate) const HEALTHY: &str = r#"[data-connection][data-health="connected"][data-severity="healthy"]"#;
pub(crate) const SIGN_IN: &str = r#"[data-provider="sandbox"] [data-action="sign-in"]"#;
pub(crate) const WAITING: &str = r#"[data-stage="waiting-for-browser"]"#;
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Stage {
    window: Option<AppWindow>,
    app: App,
    consents: AtomicUsize,
    pub(crate) desktop: Desktop,
    pub(crate) sandbox: Sandbox,
}

/// A page in the browser, and the hold on the browser without which it cannot be reached.
pub(crate) struct Tab {
    pub(crate) page: Page,
    browser: Browser,
}

impl Tab {
    pub(crate) async fn close(self) {
        self.browser.close_tab().await.unwrap();
    }
}

impl Stage {
    /// The app is open, nobody is signed in.
    pub(crate) async fn new() -> Self {
        let mut stage = Self::closed().await;
        stage.open().await;
        stage
    }

    /// Everything is there but the app.
    pub(crate) async fn closed() -> Self {
        Self::with_keyring(KeyringStart::Unlocked).await
    }

    /// The same with the keyring in another state.
    pub(crate) async fn with_keyring(keyring: KeyringStart) -> Self {
        let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
        let desktop = Desktop::start(DesktopOptions { keyring, ..DesktopOptions::default() }).unwrap();
        desktop.allow_scheme(&sandbox.origin(), SCHEME).unwrap();
        let app = App::new(binary()).variable("LATCHKEY_SANDBOX_URL", sandbox.origin());
        Self { window: None, app, consents: AtomicUsize::new(0), desktop, sandbox }
    }

    pub(crate) async fn open(&mut self) {
        self.window = Some(AppWindow::open(&self.desktop, &self.app).await.unwrap());
        self.page().wait_for("h1, h2, h3, main").await.unwrap();
    }

    /// As SIGKILL does.
    pub(crate) fn kill(&mut self) {
        self.window.take().unwrap().kill().unwrap();
    }

    /// As a person does who is done; returns once the app has taken the window away.
    pub(crate) fn press_the_close_button(&self) {
        let screen = Screen::open(self.desktop.display()).unwrap();
        let pid = self.window().pid();
        let window = screen.first_paint(pid).unwrap();
        screen.close(window).unwrap();
        wait::until("the window to go", PATIENCE, || Ok((!screen.shows(window)).then_some(()))).unwrap();
    }

    /// Waits until the app has ended by itself.
    pub(crate) fn ended(&mut self) {
        self.window.take().unwrap().wait_for_end().unwrap();
    }

    pub(crate) fn window(&self) -> &AppWindow {
        self.window.as_ref().unwrap()
    }

    pub(crate) fn page(&self) -> Page {
        self.window().page().with_patience(PATIENCE)
    }

    pub(crate) fn control(&self) -> Control {
        self.sandbox.control()
    }

    /// Waits until so many requests of a kind have been answered.
    pub(crate) async fn requests(&self, endpoint: Endpoint, count: usize) -> Vec<Entry> {
        let control = self.control();
        let waited = tokio::time::timeout(PATIENCE, control.wait_for_requests(endpoint, count)).await;
        waited.unwrap_or_else(|_| {
            panic!("{count} requests to {endpoint:?}: {:?}", control.requests_to(endpoint))
        })
    }

    /// Waits until a request of a kind is held.
    pub(crate) async fn held(&self, endpoint: Endpoint) -> HeldRequest {
        tokio::time::timeout(PATIENCE, self.control().wait_for_held(endpoint)).await.expect("a held request")
    }

    /// What the sandbox turned down, but for what browsers ask for by themselves.
    pub(crate) fn refusals(&self) -> Vec<String> {
        let refusals = self.control().refusals().into_iter();
        let ours = refusals.filter(|(entry, _)| entry.endpoint != Endpoint::Elsewhere);
        ours.map(|(entry, why)| format!("{} {}: {why}", entry.method, entry.path)).collect()
    }

    /// Clicks through a whole sign-in as `account`, up to the healthy card.
    pub(crate) async fn sign_in(&self, account: &str) {
        self.page().click(SIGN_IN).await.unwrap();
        self.agree(account).await;
        self.page().wait_for(HEALTHY).await.unwrap();
    }

    /// The browser's part: chooses the account and agrees.
    pub(crate) async fn agree(&self, account: &str) {
        let tab = self.consent().await;
        tab.page.click(&*format!("#account-{account}")).await.unwrap();
        tab.page.click("#agree").await.unwrap();
    }

    /// The consent page in the browser: that of the newest authorization request, since the pages of
    /// earlier ones stay open.
    pub(crate) async fn consent(&self) -> Tab {
        let seen = self.consents.fetch_add(1, Ordering::Relaxed);
        let requests = self.requests(Endpoint::Authorize, seen + 1).await;
        let tab = self.tab(requests.last().unwrap().query.value("state").unwrap()).await;
        tab.page.wait_for("#agree").await.unwrap();
        tab
    }

    /// The tab of the browser whose address or title contains `part`.
    pub(crate) async fn tab(&self, part: &str) -> Tab {
        let browser = self.desktop.browser().await.unwrap();
        let page = browser.tab(part).await.unwrap().with_patience(PATIENCE);
        Tab { page, browser }
    }

    /// A second process of the app with these arguments, as the operating system or anybody else starts one.
    pub(crate) fn second_process(&self, arguments: &[&str]) -> ExitStatus {
        let mut command = self.desktop.command(binary());
        let mut child = command.args(arguments).spawn().unwrap();
        wait::until("the second process to end", PATIENCE, || Ok(child.try_wait().unwrap())).unwrap()
    }

    /// The names of our items in the keychain; not the count of saved sets, which arrives when it arrives.
    pub(crate) fn items(&self) -> Vec<String> {
        let items = self.desktop.keyring().items(SERVICE).unwrap();
        let names = items.into_iter().map(|item| item.attributes["username"].clone());
        names.filter(|name| !name.ends_with("/saved-sets")).collect()
    }

    /// Waits until so many of our items are in the keychain.
    pub(crate) fn wait_for_items(&self, count: usize) {
        let what = format!("{count} items in the keychain");
        wait::until(&what, PATIENCE, || Ok((self.items().len() == count).then_some(()))).unwrap();
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.desktop.data_dir().join(SERVICE)
    }

    pub(crate) fn providers_dir(&self) -> PathBuf {
        let folder = self.desktop.config_dir().join(SERVICE).join("providers");
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }
}

pub(crate) fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_latchkey-desktop")
}
