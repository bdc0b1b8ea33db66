//! What can be wrong with the text of an address, in words for the person who wrote it.

/// A text that is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an address: {problem}")]
pub struct AddressError {
    /// What was written.
    pub text: String,
    /// What is wrong with it.
    pub problem: AddressProblem,
}

/// What is wrong with an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressProblem {
    /// Nothing was written.
    #[error("it is empty")]
    Empty,
    /// A character that a name cannot have.
    #[error(
        "a name has no {character:?}, only letters, digits, `.`, `_` and `-`, and starts with a letter or digit \
         (a socket file is written /path, ./path or ../path)"
    )]
    NameCharacter {
        /// The first one that does not fit.
        character: char,
    },
    /// A name longer than a registry entry may be.
    #[error("a name has at most {limit} characters, not {length}")]
    NameTooLong {
        /// Its length.
        length: usize,
        /// The longest that is allowed.
        limit: usize,
    },
    /// A name that looks like a file.
    #[error("a name is written without `.sock`; the file of that name is ./{name}")]
    NameOfFile {
        /// What was written.
        name: String,
    },
    /// A path that cannot be one of a socket.
    #[error("it names a directory, not a socket")]
    PathOfDirectory,
    /// A path that the system's socket address cannot hold.
    #[error("a socket path has at most {limit} bytes here, not {length}")]
    PathTooLong {
        /// Its length in bytes.
        length: usize,
        /// The most that fit.
        limit: usize,
    },
    /// A NUL byte, which no system call takes.
    #[error("it has a NUL byte")]
    Nul,
    /// A home directory that only a shell expands.
    #[error("`~` means a home directory to shells alone; write the path")]
    Tilde,
    /// A socket file where there are none.
    #[error("there are no socket files on this system; use a name")]
    NoSocketFiles,
    /// An abstract socket without a name: the kernel would choose a random one.
    #[error("an abstract socket needs a name after the `@`")]
    AbstractEmpty,
    /// An abstract name that does not fit into a socket address.
    #[error("an abstract name has at most {limit} bytes, not {length}")]
    AbstractTooLong {
        /// Its length in bytes.
        length: usize,
        /// The most that fit.
        limit: usize,
    },
    /// An abstract socket where there are none.
    #[error("abstract sockets exist on Linux alone")]
    NoAbstractSockets,
    /// TCP without a port.
    #[error("it has no port: write tcp:host:port")]
    PortMissing,
    /// A port that is none.
    #[error("`{port}` is not a port (0 to 65535)")]
    Port {
        /// What stands in its place.
        port: String,
    },
    /// Port 0 where a real one is needed.
    #[error("port 0 asks the system for any free port, so one can listen on it but not connect to it")]
    PortZero,
    /// A host name that is none.
    #[error("`{host}` is not a host name")]
    Host {
        /// What stands in its place.
        host: String,
    },
    /// An IPv6 address without brackets, or something else in them.
    #[error("an IPv6 address is written in brackets, and nothing else is: tcp:[::1]:port")]
    Brackets,
    /// A number that no passed-down socket has.
    #[error("`{text}` is no descriptor that is passed down: write fd:0 (stdin), or fd:3 and up")]
    Descriptor {
        /// What stands in its place.
        text: String,
    },
    /// A path that is to be passed on as a text, and is none.
    #[error("its path is not UTF-8, so it cannot be written")]
    NotText,
    /// A command without a word.
    #[error("a command to start is missing after `exec:`")]
    CommandEmpty,
    /// A command whose words cannot be told apart.
    #[error("a quote of its command is not closed")]
    CommandQuote,
    /// A command where a server was to listen.
    #[error("it starts a command, which a client talks to; a server cannot listen there")]
    CommandToListen,
    /// A command in a program that was built to start none.
    #[error("this program cannot start commands: it was built without the feature `exec` of rpc-core")]
    NoCommands,
    /// Descriptors and commands where neither can be passed on.
    #[error("sockets are passed between processes on Unix alone")]
    NoDescriptors,
    /// A prefix that means nothing.
    #[error(
        "there is no `{kind}` here; an address is NAME, /path, ./path, ../path, @name, tcp:host:port, fd:N or exec:COMMAND"
    )]
    Kind {
        /// What stands before the colon, and the colon.
        kind: String,
    },
}
