//! HTML and SVG as text, for pictures and tables of finished data.
//!
//! A view for each mark would cost far more to load than one that takes text. Every text and every
//! attribute goes through the escape below, so what a file says stays text.

/// Markup in the making.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Markup(String);

impl Markup {
    /// Opens an element.
    pub fn open(&mut self, tag: &str, attributes: &[(&str, &str)]) {
        self.0.push('<');
        self.0.push_str(tag);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            self.text(value);
            self.0.push('"');
        }
        self.0.push('>');
    }

    /// Text, escaped.
    pub fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '&' => self.0.push_str("&amp;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
    }

    /// Closes an element.
    pub fn close(&mut self, tag: &str) {
        self.0.push_str("</");
        self.0.push_str(tag);
        self.0.push('>');
    }

    /// An element that holds a text.
    pub fn element(&mut self, tag: &str, attributes: &[(&str, &str)], text: &str) {
        self.open(tag, attributes);
        self.text(text);
        self.close(tag);
    }

    /// A table's head: a caption for people who listen, and a heading for each column.
    pub fn table_head(&mut self, class: &str, caption: &str, columns: &[&str]) {
        self.open("table", &[("class", class)]);
        self.element("caption", &[("class", "sr-only")], caption);
        self.open("thead", &[]);
        self.row("th", &[("scope", "col")], columns);
        self.close("thead");
        self.open("tbody", &[]);
    }

    /// Ends what `table_head` began.
    pub fn table_end(&mut self) {
        self.close("tbody");
        self.close("table");
    }

    /// A row of equal cells.
    pub fn row(&mut self, tag: &str, attributes: &[(&str, &str)], cells: &[&str]) {
        self.open("tr", &[]);
        for cell in cells {
            self.element(tag, attributes, cell);
        }
        self.close("tr");
    }

    /// The text.
    pub fn finish(self) -> String {
        self.0
    }
}

/// A share of the picture's width or height, as an attribute.
pub fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_attributes_cannot_leave_their_place() {
        let mut markup = Markup::default();
        markup.element("a", &[("href", "\"><script>")], "</a><img onerror='x'>&");
        assert_eq!(
            markup.finish(),
            "<a href=\"&quot;&gt;&lt;script&gt;\">&lt;/a&gt;&lt;img onerror=&#39;x&#39;&gt;&amp;</a>"
        );
    }

    #[test]
    fn a_table_is_whole() {
        let mut markup = Markup::default();
        markup.table_head("t", "c", &["a"]);
        markup.row("td", &[], &["1"]);
        markup.table_end();
        let text = markup.finish();
        for tag in ["table", "caption", "thead", "tbody", "tr", "th", "td"] {
            let opened = text.matches(&format!("<{tag} ")).count()
                + text.matches(&format!("<{tag}>")).count();
            assert_eq!(opened, text.matches(&format!("</{tag}>")).count(), "{tag}");
            assert!(opened > 0, "{tag}");
        }
    }
}
