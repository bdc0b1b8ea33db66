//! The steps of a session until it is open: whoever gets through them speaks this protocol, and knows the token if there is one.
use super::{Catalog, PeerTerms, Phase, Session, Step, put};
use crate::token::{Nonces, Role, Token};
use crate::wire::{
    CallId, Challenge, DecodeLimits, HELLO_BYTES_MAX, Head, Hello, Kind, Nonce, PREFACE_BYTES, PrefaceError, Proof,
    Proven, Refusal, Welcome, check_preface, decode, fds_max, put_preface,
};
use serde::de::DeserializeOwned;

/// What a server says to a peer that speaks another protocol: one line that a person can read.
pub(super) const FOREIGN: &str = "rpc: this is an rpc server, protocol version 1; what came was not its protocol\r\n";

/// What a peer must prove, and what it said before that.
#[derive(Debug)]
pub(crate) struct Trial {
    token: Token,
    nonce: Nonce,
    hello: Option<Hello>,
}

impl Trial {
    /// `nonce` must be random, and of this one connection.
    pub(crate) fn new(token: Token, nonce: Nonce) -> Self {
        Self { token, nonce, hello: None }
    }

    /// What the client said first, and this side's own proof, if the client's is right.
    fn passed(self, proof: &Proof) -> Option<(Hello, Proven)> {
        let nonces = Nonces { server: self.nonce, client: proof.nonce };
        let right = self.token.is_proof(Role::Client, &nonces, &proof.proof);
        let proven = right.then(|| Proven { proof: self.token.proof(Role::Server, &nonces) });
        self.hello.zip(proven)
    }
}

impl<C> Session<C> {
    pub(super) fn preface<'b>(&mut self, bytes: &'b [u8], out: &mut Vec<u8>) -> Step<'b> {
        match check_preface(bytes) {
            Ok(false) => Step::Partial(PREFACE_BYTES),
            Ok(true) => {
                self.phase = Phase::Hello;
                Step::Done(PREFACE_BYTES)
            }
            Err(PrefaceError::Foreign(_)) => {
                self.phase = Phase::Over;
                out.extend_from_slice(FOREIGN.as_bytes());
                Step::Close
            }
            Err(PrefaceError::Version(theirs)) => self.refuse(&Refusal::version(theirs), out),
        }
    }

    pub(super) fn hello<'b>(
        &mut self,
        head: Head,
        body: &[u8],
        used: usize,
        catalog: &Catalog,
        out: &mut Vec<u8>,
    ) -> Step<'b> {
        let hello: Hello = match said(head, body, Kind::Hello, "begins") {
            Ok(said) => said,
            Err(problem) => return self.violation(problem, out),
        };
        if self.draining {
            return self.refuse(&Refusal::ShuttingDown, out);
        }
        let Some(trial) = &mut self.trial else {
            self.welcome(hello, catalog, out);
            return Step::Done(used);
        };
        put_preface(out);
        put(out, Kind::Challenge, CallId::NONE, &Challenge { nonce: trial.nonce });
        trial.hello = Some(hello);
        self.phase = Phase::Proof;
        Step::Done(used)
    }

    /// The client must know the token. Then it learns that this side does, and nothing that it asked for is lost.
    pub(super) fn proof<'b>(
        &mut self,
        head: Head,
        body: &[u8],
        used: usize,
        catalog: &Catalog,
        out: &mut Vec<u8>,
    ) -> Step<'b> {
        let proof: Proof = match said(head, body, Kind::Proof, "answers the challenge") {
            Ok(said) => said,
            Err(problem) => return self.violation(problem, out),
        };
        let Some((hello, proven)) = self.trial.take().and_then(|trial| trial.passed(&proof)) else {
            return self.refuse(&Refusal::WrongToken, out);
        };
        if self.draining {
            return self.refuse(&Refusal::ShuttingDown, out);
        }
        put(out, Kind::Proven, CallId::NONE, &proven);
        self.welcome(hello, catalog, out);
        Step::Done(used)
    }

    fn welcome(&mut self, hello: Hello, catalog: &Catalog, out: &mut Vec<u8>) {
        if self.phase == Phase::Hello {
            put_preface(out);
        }
        self.phase = Phase::Open;
        self.peer = PeerTerms {
            frame_bytes_max: hello.frame_bytes_max,
            calls_max: hello.calls_max,
            window_bytes: hello.window_bytes,
            fds_max: fds_max(hello.fds_max, self.carries_fds),
        };
        let welcome = Welcome {
            instance: catalog.instance,
            frame_bytes_max: catalog.limits.frame_bytes_max,
            calls_max: catalog.limits.calls_max,
            window_bytes: catalog.limits.window_bytes,
            fds_max: fds_max(catalog.limits.fds_max, self.carries_fds),
            service: hello.service.map(|wanted| self.open(&wanted, catalog)),
        };
        put(out, Kind::Welcome, CallId::NONE, &welcome);
    }
}

/// What a frame of the handshake says, if it is the one that the peer should send now; else what the peer does wrong.
fn said<T: DeserializeOwned>(head: Head, body: &[u8], kind: Kind, does: &str) -> Result<T, String> {
    if head.kind != kind {
        return Err(format!("it {does} with a frame of kind {:?}", head.kind));
    }
    decode(body, DecodeLimits::for_frames_of(HELLO_BYTES_MAX)).map_err(|error| error.to_string())
}
