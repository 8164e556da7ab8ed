//! What on a page is meant: by selector, or by what a person reads there.

/// An element of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// By CSS selector.
    Css(&'a str),
    /// A button by the name a person reads or hears.
    Button(&'a str),
    /// A link by its name.
    Link(&'a str),
    /// An input, a selection or a text area by its label.
    Field(&'a str),
    /// Any other element by its `role` attribute and its name.
    Role(&'a str, &'a str),
    /// The innermost element that contains this text.
    Text(&'a str),
}

impl<'a> From<&'a str> for Target<'a> {
    fn from(css: &'a str) -> Self {
        Self::Css(css)
    }
}

/// How WebDriver is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Query {
    /// A CSS selector.
    Css(String),
    /// An XPath expression.
    XPath(String),
}

impl Target<'_> {
    pub(crate) fn query(&self) -> Query {
        match self {
            Self::Css(css) => Query::Css((*css).to_owned()),
            Self::Button(name) => named(
                "self::button or self::summary or @role='button' or (self::input and (@type='submit' or @type='button'))",
                name,
            ),
            Self::Link(name) => named("(self::a and @href) or @role='link'", name),
            Self::Field(label) => field(label),
            Self::Role(role, name) => named(&format!("@role={}", literal(role)), name),
            Self::Text(text) => {
                let text = literal(text);
                let contains = format!("contains(normalize-space(.), {text})");
                Query::XPath(format!("//body//*[{contains} and not(self::script) and not(*[{contains}])]"))
            }
        }
    }
}

/// Elements of a kind whose accessible name is `name`.
fn named(kind: &str, name: &str) -> Query {
    let name = literal(name);
    Query::XPath(format!(
        "//*[({kind}) and (@aria-label={name} or (not(@aria-label) and (normalize-space(.)={name} or @value={name} \
         or @title={name})))]"
    ))
}

/// Form controls labelled by an enclosing or a referring `label`, or by an attribute.
fn field(label: &str) -> Query {
    let label = literal(label);
    let control = "self::input or self::select or self::textarea";
    Query::XPath(format!(
        "//*[({control}) and (@aria-label={label} or @id=//label[normalize-space(.)={label}]/@for \
         or ancestor::label[normalize-space(.)={label}] or @aria-labelledby=//*[normalize-space(.)={label}]/@id)]"
    ))
}

/// An XPath string; XPath has no escapes, so text with both kinds of quotes is put together from parts.
fn literal(text: &str) -> String {
    if !text.contains('\'') {
        return format!("'{text}'");
    }
    if !text.contains('"') {
        return format!("\"{text}\"");
    }
    let parts: Vec<String> = text.split('\'').map(|part| format!("'{part}'")).collect();
    format!("concat({})", parts.join(", \"'\", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_string_is_a_selector() {
        assert_eq!(Target::from("#agree").query(), Query::Css("#agree".into()));
    }

    #[test]
    fn quotes_cannot_end_a_literal() {
        assert_eq!(literal("plain"), "'plain'");
        assert_eq!(literal("it's"), "\"it's\"");
        assert_eq!(literal("a'b\"c"), "concat('a', \"'\", 'b\"c')");
    }
}
