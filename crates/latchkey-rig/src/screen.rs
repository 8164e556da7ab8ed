//! Sees windows the way a person does: by what is painted on them.

use std::time::Duration;

use x11rb::{
    connection::Connection,
    protocol::xproto::{
        AtomEnum, ClientMessageEvent, ConnectionExt, EventMask, ImageFormat, MapState, Window,
    },
    rust_connection::RustConnection,
};

use crate::{Error, Result, wait};

/// What X11 says, before it is one of the rig's errors.
type Reply<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const PAINT_LIMIT: Duration = Duration::from_secs(30);
const HIDE_LIMIT: Duration = Duration::from_secs(5);
/// Smaller windows are those that toolkits keep for themselves.
const LEAST_SIDE: u16 = 100;
/// An empty window has one colour, a painted page has letters with soft edges.
const LEAST_COLOURS: usize = 4;

/// A connection to the display.
#[derive(Debug)]
pub struct Screen {
    connection: RustConnection,
    root: Window,
    process_id: u32,
}

impl Screen {
    /// Connects to a display by name.
    pub fn open(display: &str) -> Result<Self> {
        Self::connect(display).map_err(|error| failed(error.as_ref()))
    }

    fn connect(display: &str) -> Reply<Self> {
        let (connection, number) = x11rb::connect(Some(display))?;
        let root = connection.setup().roots.get(number).ok_or("the display has no screen")?.root;
        let process_id = connection.intern_atom(false, b"_NET_WM_PID")?.reply()?.atom;
        Ok(Self { connection, root, process_id })
    }

    /// Waits until a window of the process shows more than an empty ground.
    pub fn first_paint(&self, pid: u32) -> Result<Window> {
        wait::closely("the first paint", PAINT_LIMIT, || {
            // A window may close while it is looked at.
            Ok(self.windows_of(pid).into_iter().find(|window| self.is_painted(*window).unwrap_or(false)))
        })
    }

    /// Takes a window off the screen without asking its owner.
    pub fn hide(&self, window: Window) -> Result<()> {
        self.unmap(window).map_err(|error| failed(error.as_ref()))?;
        wait::closely("the window to be hidden", HIDE_LIMIT, || Ok((!self.shows(window)).then_some(())))
    }

    /// Whether the window is on the screen.
    pub fn shows(&self, window: Window) -> bool {
        self.is_visible(window).unwrap_or(false)
    }

    /// Asks the owner to close the window, as its close button does.
    pub fn close(&self, window: Window) -> Result<()> {
        self.ask_to_close(window).map_err(|error| failed(error.as_ref()))
    }

    fn unmap(&self, window: Window) -> Reply<()> {
        Ok(self.connection.unmap_window(window)?.check()?)
    }

    /// ICCCM 4.2.8.1.
    fn ask_to_close(&self, window: Window) -> Reply<()> {
        let protocols = self.connection.intern_atom(false, b"WM_PROTOCOLS")?.reply()?.atom;
        let delete = self.connection.intern_atom(false, b"WM_DELETE_WINDOW")?.reply()?.atom;
        let event = ClientMessageEvent::new(32, window, protocols, [delete, 0, 0, 0, 0]);
        Ok(self.connection.send_event(false, window, EventMask::NO_EVENT, event)?.check()?)
    }

    /// Windows that name the process as theirs; under a window manager they lie inside its frames.
    fn windows_of(&self, pid: u32) -> Vec<Window> {
        let mut windows = vec![self.root];
        let mut next = 0;
        while let Some(&window) = windows.get(next) {
            windows.extend(self.children(window).unwrap_or_default());
            next += 1;
        }
        windows.retain(|window| self.owner(*window).ok().flatten() == Some(pid));
        windows
    }

    fn children(&self, window: Window) -> Reply<Vec<Window>> {
        Ok(self.connection.query_tree(window)?.reply()?.children)
    }

    fn owner(&self, window: Window) -> Reply<Option<u32>> {
        let property =
            self.connection.get_property(false, window, self.process_id, AtomEnum::CARDINAL, 0, 1)?;
        let property = property.reply()?;
        Ok(property.value32().and_then(|mut values| values.next()))
    }

    fn is_visible(&self, window: Window) -> Reply<bool> {
        let attributes = self.connection.get_window_attributes(window)?.reply()?;
        Ok(attributes.map_state == MapState::VIEWABLE)
    }

    fn is_painted(&self, window: Window) -> Reply<bool> {
        let size = self.connection.get_geometry(window)?.reply()?;
        if size.width < LEAST_SIDE || size.height < LEAST_SIDE || !self.is_visible(window)? {
            return Ok(false);
        }
        let image =
            self.connection.get_image(ImageFormat::Z_PIXMAP, window, 0, 0, size.width, size.height, !0)?;
        Ok(has_content(&image.reply()?.data))
    }
}

fn failed(error: &dyn std::error::Error) -> Error {
    Error::failed("the display", error.to_string())
}

/// Whether an image of four bytes per pixel has more than a few colours.
fn has_content(pixels: &[u8]) -> bool {
    let mut colours: Vec<&[u8]> = Vec::with_capacity(LEAST_COLOURS);
    for pixel in pixels.chunks_exact(4) {
        if !colours.contains(&pixel) {
            colours.push(pixel);
            if colours.len() == LEAST_COLOURS {
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_ground_is_no_content() {
        assert!(!has_content(&[9; 4_000]));
        let mut letters = vec![255_u8; 4_000];
        letters[..12].copy_from_slice(&[1, 1, 1, 0, 2, 2, 2, 0, 3, 3, 3, 0]);
        assert!(has_content(&letters));
    }
}
