//! A virtual X display, or one that exists already.

use x11rb::{
    connection::Connection,
    protocol::xproto::{ChangeWindowAttributesAux, ConnectionExt},
};

use crate::{
    Error, Result,
    environment::Environment,
    service::{Service, piped},
};

/// Slate, as red, green and blue.
const BACKDROP: u32 = 0x0033_3f48;

/// Starts Xvfb on a free number; the name of the display is the second value.
pub(crate) fn start(environment: &Environment, width: u32, height: u32) -> Result<(Service, String)> {
    let mut command = environment.command("Xvfb");
    // Without -noreset the server forgets everything when its last client leaves, and the next one fails.
    command.args(["-displayfd", "1", "-screen", "0", &format!("{width}x{height}x24")]).args([
        "-nolisten",
        "tcp",
        "-noreset",
    ]);
    let mut server = Service::start("xvfb", piped(command), &environment.logs())?;
    let number = server.announce(|line| line.trim().parse::<u32>().ok().map(|number| number.to_string()))?;
    let name = format!(":{number}");
    // Decoration: the display serves as well without it.
    let _ = paint_backdrop(&name);
    Ok((server, name))
}

/// Gives the empty display a calm colour, on which windows can be told from the ground.
fn paint_backdrop(display: &str) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let (connection, number) = x11rb::connect(Some(display))?;
    let root = connection.setup().roots.get(number).ok_or("no screen")?.root;
    let ground = ChangeWindowAttributesAux::new().background_pixel(BACKDROP);
    connection.change_window_attributes(root, &ground)?;
    connection.clear_area(false, root, 0, 0, 0, 0)?.check()?;
    Ok(())
}

/// Saves what the display shows as a PNG file.
pub(crate) fn screenshot(environment: &Environment, path: &std::path::Path) -> Result<()> {
    let mut command = environment.command("import");
    command.args(["-window", "root"]).arg(path);
    let output = command.output().map_err(Error::start("import"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::failed("import", String::from_utf8_lossy(&output.stderr)))
}
