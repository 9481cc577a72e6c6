//! A file whose text is made when it is opened.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use kcore::errno::Errno;

/// Does what is written to a file: words, without the end of the line.
pub type Write = fn(&str) -> Result<(), Errno>;

/// Makes the text.
type Text = dyn Fn() -> Result<String, Errno> + Send + Sync;

/// A file whose text is made when it is opened (Linux: `seq_file`, but all at once).
#[derive(Clone)]
pub struct Generated {
    text: Arc<Text>,
    write: Option<Write>,
}

impl Generated {
    /// A file that can be read: `text` makes it, and may sleep and fail.
    pub fn new(text: impl Fn() -> Result<String, Errno> + Send + Sync + 'static) -> Self {
        Generated { text: Arc::new(text), write: None }
    }

    /// A file that can be written, too: `write` is given each write by itself.
    pub fn writable(self, write: Write) -> Self {
        Generated { write: Some(write), ..self }
    }

    /// Who may do what with it.
    pub fn mode(&self) -> u16 {
        if self.write.is_some() { 0o644 } else { 0o444 }
    }

    /// What takes writes, if anything does.
    pub(super) fn write(&self) -> Option<Write> {
        self.write
    }

    /// The text as it is now.
    pub(super) fn text(&self) -> Result<String, Errno> {
        (self.text)()
    }
}

impl fmt::Debug for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generated").field("mode", &self.mode()).finish_non_exhaustive()
    }
}
