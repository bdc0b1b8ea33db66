//! What is measured: a kind of work, done by a rival, at a place.

/// Calls under way at a time from one thread.
pub(crate) const OUTSTANDING: usize = 64;

/// Connections at a time, each with a client thread of its own.
pub(crate) const CONNECTIONS: usize = 16;

macro_rules! names {
    ($(#[$doc:meta])* $kind:ident { $($(#[$item_doc:meta])* $item:ident = $name:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $kind { $($(#[$item_doc])* $item),* }

        impl $kind {
            pub(crate) const ALL: &[Self] = &[$(Self::$item),*];

            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$item => $name),* }
            }

        }
    };
}

names! {
    /// Who calls.
    Rival {
        /// A blocking socket: one write a message.
        Raw = "raw",
        /// The same; what can be written at once is written together.
        Coalesced = "raw-coalesced",
        /// This framework.
        Framework = "rpc-core",
    }
}

names! {
    /// How calls follow each other.
    Work {
        /// Each waits for the one before.
        Single = "single",
        /// One thread keeps [`OUTSTANDING`] under way.
        Outstanding = "outstanding-64",
        /// [`CONNECTIONS`] threads, each over a connection of its own, one at a time.
        Connections = "connections-16",
        /// Items of 32 bytes from the server, one by one.
        Items = "items-32",
        /// The same to the server, many at a time.
        Upload = "upload-32",
        /// Calls one at a time on a connection that carries nothing else.
        Alone = "pings-alone",
        /// The same beside a stream of 64 KiB items on that connection, at full speed.
        BesideStream = "pings-beside-stream",
        /// The same beside calls that carry 1 MiB there and back.
        BesideEcho = "pings-beside-echo",
        /// The same beside calls that are small and answer 1 MiB.
        BesideReplies = "pings-beside-replies",
    }
}

names! {
    /// Where the two processes run.
    Placement {
        /// Both on one CPU.
        One = "1-cpu",
        /// Each on its own.
        Two = "2-cpus",
    }
}

impl Work {
    /// Whether bytes that go one way are what counts.
    pub(crate) fn is_stream(self) -> bool {
        matches!(self, Self::Items | Self::Upload)
    }

    /// Whether it is the latency of a call beside other work that counts.
    pub(crate) fn is_beside(self) -> bool {
        matches!(self, Self::Alone | Self::BesideStream | Self::BesideEcho | Self::BesideReplies)
    }

    /// Whether it is the number of calls that counts.
    pub(crate) fn is_calls(self) -> bool {
        !self.is_stream() && !self.is_beside()
    }

    fn rivals(self) -> &'static [Rival] {
        match self {
            // With one message at a time there is nothing to coalesce.
            Self::Single | Self::Connections => &[Rival::Raw, Rival::Framework],
            Self::Outstanding | Self::Items | Self::Upload => Rival::ALL,
            Self::Alone | Self::BesideStream | Self::BesideEcho | Self::BesideReplies => &[Rival::Framework],
        }
    }
}

/// The inverse of [`Case::name`], for the other process.
pub(crate) fn named(name: &str) -> Case {
    cases().into_iter().find(|case| case.name() == name).unwrap_or_else(|| panic!("no case is called {name}"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) work: Work,
    pub(crate) placement: Placement,
    pub(crate) rival: Rival,
}

impl Case {
    pub(crate) fn name(&self) -> String {
        format!("{}/{}/{}", self.work.name(), self.placement.name(), self.rival.name())
    }
}

/// All of them, as the table shows them.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for work in Work::ALL {
        for placement in Placement::ALL {
            for rival in work.rivals() {
                cases.push(Case { work: *work, placement: *placement, rival: *rival });
            }
        }
    }
    cases
}
