//! The browsers of this computer: which there are, and opening a page in one of them.
//!
//! On Linux they are the desktop entries that handle https, as GIO lists them, and one is launched by its entry,
//! never through a shell. Elsewhere none is listed, so there is nothing to choose and the standard browser opens.

use latchkey_protocol::{BrowserId, BrowserView};
use url::Url;

/// Those that are installed, in the order of their names.
pub(crate) fn installed() -> Vec<BrowserView> {
    let mut browsers = system::installed();
    browsers.sort_by_key(|browser| browser.name.to_lowercase());
    browsers
}

/// Opens a page in this browser; `false` where it is gone or does not start.
pub(crate) fn open(browser: &BrowserId, url: &Url) -> bool {
    system::open(browser, url)
}

#[cfg(target_os = "linux")]
mod system {
    use gio::prelude::AppInfoExt;
    use gio::{AppInfo, AppLaunchContext};
    use latchkey_protocol::{BrowserId, BrowserView};
    use url::Url;

    const SCHEME: &str = "x-scheme-handler/https";

    pub(super) fn installed() -> Vec<BrowserView> {
        handlers().filter(AppInfoExt::should_show).filter_map(|app| view(&app)).collect()
    }

    /// By what each entry says of itself: the index by type lacks an entry that a person wrote by hand.
    fn handlers() -> impl Iterator<Item = AppInfo> {
        let handles = |app: &AppInfo| app.supported_types().iter().any(|kind| kind == SCHEME);
        AppInfo::all().into_iter().filter(handles)
    }

    fn view(app: &AppInfo) -> Option<BrowserView> {
        Some(BrowserView { id: id(app)?, name: app.display_name().into() })
    }

    fn id(app: &AppInfo) -> Option<BrowserId> {
        BrowserId::try_from(String::from(app.id()?)).ok()
    }

    /// Only what is listed is ever launched, whatever id came along.
    pub(super) fn open(browser: &BrowserId, url: &Url) -> bool {
        let found = handlers().find(|app| id(app).as_ref() == Some(browser));
        // What GIO says of a failure may repeat the address, which has a `state` in it.
        found.is_some_and(|app| app.launch_uris(&[url.as_str()], AppLaunchContext::NONE).is_ok())
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use latchkey_protocol::{BrowserId, BrowserView};
    use url::Url;

    pub(super) fn installed() -> Vec<BrowserView> {
        Vec::new()
    }

    pub(super) fn open(_: &BrowserId, _: &Url) -> bool {
        false
    }
}
