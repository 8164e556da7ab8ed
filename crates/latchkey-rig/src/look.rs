//! Fonts of the private desktop: pictures taken in it must look like a person's screen.

use std::{fs, path::Path};

use crate::{Error, Result, environment::Environment};

const GTK: &str = "[Settings]
gtk-font-name=Inter 11
gtk-theme-name=Adwaita
gtk-enable-animations=0
";

/// A font that is not installed is passed over.
const FONTS: &str = r#"<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <alias binding="strong"><family>sans-serif</family><prefer><family>Inter</family></prefer></alias>
  <alias binding="strong"><family>system-ui</family><prefer><family>Inter</family></prefer></alias>
  <alias binding="strong"><family>ui-sans-serif</family><prefer><family>Inter</family></prefer></alias>
</fontconfig>
"#;

/// Writes the settings into the home folder.
pub(crate) fn install(environment: &Environment) -> Result<()> {
    let settings = environment.home.join(".config");
    write(&settings.join("gtk-3.0/settings.ini"), GTK)?;
    write(&settings.join("fontconfig/fonts.conf"), FONTS)
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    }
    fs::write(path, text).map_err(Error::file("write", path))
}
