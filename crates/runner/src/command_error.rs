//! Why a command ends early.

use std::io;
use std::path::Path;

use crate::console;
use crate::exit::Exit;
use crate::logging::LogFormat;

/// Why a command ends early: its exit code, and what to write, unless that is written already.
#[derive(Debug)]
pub(crate) struct CommandError {
    pub(crate) exit: Exit,
    pub(crate) message: Option<String>,
    pub(crate) help: Option<String>,
}

/// How a command ends.
pub(crate) type Ended = Result<Exit, CommandError>;

impl CommandError {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: Some(message.into()), help: None }
    }

    /// An error in the arguments, or in a file that they name.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::USAGE, message)
    }

    /// An output file that can't be written.
    pub(crate) fn cannot_write(path: &Path, error: &io::Error) -> Self {
        Self::new(Exit::SINK, format!("can't write `{}`: {error}", path.display()))
    }

    /// Adds what to do. The JSON log does not contain it.
    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// Writes the message. Returns the exit code.
    pub(crate) fn write(self, log: LogFormat) -> Exit {
        if let Some(message) = &self.message {
            log.error(message);
        }
        if let Some(help) = self.help.filter(|_| log == LogFormat::Text) {
            console::help(&help);
        }
        self.exit
    }
}

/// The messages are written already.
impl From<Exit> for CommandError {
    fn from(exit: Exit) -> Self {
        Self { exit, message: None, help: None }
    }
}

impl From<String> for CommandError {
    fn from(message: String) -> Self {
        Self::usage(message)
    }
}

/// The end of a command that has written to standard output.
pub(crate) fn printed(result: io::Result<()>) -> Ended {
    let failed =
        |error| CommandError::new(Exit::SINK, format!("can't write to standard output: {error}"));
    result.map(|()| Exit::COMPLETE).map_err(failed)
}
