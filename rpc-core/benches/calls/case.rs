//! What is measured: a kind of work, done by a rival, at a place.
use std::time::Duration;

/// Calls of each thread before the clock starts.
pub(crate) const WARM_CALLS: u64 = 500;

/// Calls under way at a time from one thread.
pub(crate) const OUTSTANDING: usize = 64;

/// Connections at a time.
pub(crate) const CONNECTIONS: usize = 16;

/// Client threads that share one connection.
pub(crate) const SHARERS: usize = 64;

/// What a handler takes that waits.
pub(crate) const HANDLER_TIME: Duration = Duration::from_millis(1);

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
        /// The same as raw, with larger socket buffers.
        Tuned = "raw-tuned",
        /// This framework.
        Framework = "rpc-core",
        /// The same; nobody polls before he blocks.
        Unpolled = "rpc-core-unpolled",
    }
}

names! {
    /// How calls follow each other.
    Work {
        /// Each waits for the one before.
        Single = "single",
        /// The same with a handler that sleeps for [`HANDLER_TIME`]: polling for its answer would be in vain.
        Waits = "waits-1ms",
        /// One thread keeps [`OUTSTANDING`] under way.
        Outstanding = "outstanding-64",
        /// [`CONNECTIONS`] threads, each over a connection of its own, one at a time.
        Connections = "connections-16",
        /// The same by one thread, with a call under way on each of them.
        Multiplexed = "multiplexed-16",
        /// [`SHARERS`] threads over one connection, one call at a time each.
        Threads = "threads-64",
        /// Connects, calls once, closes.
        Connects = "connects",
        /// Calls that carry as many bytes there and back, one at a time.
        Echo64Kib = "echo-64k",
        /// The same.
        Echo1Mib = "echo-1m",
        /// The same.
        Echo16Mib = "echo-16m",
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
        /// The same, beside a busy loop on each of these CPUs.
        Busy = "busy",
    }
}

/// What counts in a work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// How long a call takes: less is better.
    Latency,
    /// How many calls are done in a second.
    Calls,
    /// How many items are moved in a second.
    Items,
    /// How many bytes are moved each way in a second.
    Bytes,
    /// How long a call takes beside other work on its connection.
    Beside,
}

impl Work {
    pub(crate) fn unit(self) -> Unit {
        match self {
            Self::Single | Self::Waits => Unit::Latency,
            Self::Outstanding | Self::Connections | Self::Multiplexed | Self::Threads | Self::Connects => Unit::Calls,
            Self::Echo64Kib | Self::Echo1Mib | Self::Echo16Mib => Unit::Bytes,
            Self::Items | Self::Upload => Unit::Items,
            Self::Alone | Self::BesideStream | Self::BesideEcho | Self::BesideReplies => Unit::Beside,
        }
    }

    /// What a call carries each way beyond a number.
    pub(crate) fn payload_bytes(self) -> usize {
        match self {
            Self::Echo64Kib => 64 << 10,
            Self::Echo1Mib => 1 << 20,
            Self::Echo16Mib => 16 << 20,
            _ => 0,
        }
    }

    /// Whether many are under way at a time, so that no single one is timed.
    pub(crate) fn overlaps(self) -> bool {
        matches!(self, Self::Outstanding | Self::Multiplexed | Self::Items | Self::Upload)
    }

    pub(crate) fn is_done_by(self, rival: Rival) -> bool {
        match rival {
            Rival::Framework => true,
            Rival::Raw => self.unit() != Unit::Beside,
            // With one message at a time there is nothing to coalesce.
            Rival::Coalesced => matches!(self, Self::Outstanding | Self::Items | Self::Upload),
            Rival::Tuned => self.unit() == Unit::Bytes,
            Rival::Unpolled => self.unit() == Unit::Latency,
        }
    }

    fn placements(self) -> &'static [Placement] {
        match self {
            Self::Single => Placement::ALL,
            _ => &[Placement::One, Placement::Two],
        }
    }
}

/// How calls are made that follow each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calls {
    /// A thread each.
    pub(crate) connections: usize,
    /// Whether the handler does for [`HANDLER_TIME`].
    pub(crate) waits: bool,
    /// Whether readers may poll.
    pub(crate) polls: bool,
}

impl Calls {
    /// Of each connection before the clock starts.
    pub(crate) fn warm(self) -> u64 {
        if self.waits { WARM_CALLS / 10 } else { WARM_CALLS }
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
    pub(crate) fn calls(&self) -> Calls {
        Calls {
            connections: if self.work == Work::Connections { CONNECTIONS } else { 1 },
            waits: self.work == Work::Waits,
            polls: self.rival != Rival::Unpolled,
        }
    }

    pub(crate) fn name(&self) -> String {
        format!("{}/{}/{}", self.work.name(), self.placement.name(), self.rival.name())
    }
}

/// All of them, as the table shows them.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for work in Work::ALL {
        for placement in work.placements() {
            for rival in Rival::ALL.iter().filter(|rival| work.is_done_by(**rival)) {
                cases.push(Case { work: *work, placement: *placement, rival: *rival });
            }
        }
    }
    cases
}
