//! What is asked of a peer outside of calls: opening a service, ping.
use super::ask::{Ask, Until};
use super::line::Line;
use crate::proto::Plan;
use crate::schema::ServiceSchema;
use crate::wire::{DecodeLimits, Kind, Opened, Wanted, decode, encode};
use crate::{Error, Outcome, ServiceInfo};
use std::time::Duration;

/// How a client asks for its service.
pub(crate) fn wanted(service: &'static ServiceInfo) -> Wanted {
    Wanted { name: service.name().to_owned(), fingerprint: service.fingerprint().0 }
}

/// How `service` is called over this connection; it is opened for the call of that name if it is not yet.
pub(crate) fn plan<'a>(
    line: &'a Line,
    service: &'static ServiceInfo,
    name: &dyn Fn() -> String,
    until: &mut Until,
) -> Result<&'a Plan, Error> {
    if let Some(plan) = line.plans().find(service) {
        return Ok(plan);
    }
    // Before it is open: another thread may be reading already when the first answer comes.
    if service.has_fds() {
        line.expect_fds();
    }
    let opened = open(line, &wanted(service), name, *until)?;
    until.look();
    Ok(line.plans().add(service, plan_for(service.schema(), opened)?))
}

/// Asks for a service, for the call of that name.
pub(crate) fn open(line: &Line, wanted: &Wanted, name: &dyn Fn() -> String, until: Until) -> Result<Opened, Error> {
    let ask = Ask { until, name };
    super::scratch::with(|buffer| {
        let asked = line.exchange(Kind::Open, ask, buffer, |out| {
            let encoded = encode(wanted, out);
            debug_assert!(encoded.is_ok(), "the protocol's own bodies encode");
        });
        let start = asked.map_err(Error::before_the_call)?;
        let bytes = buffer.bytes.get(start..).unwrap_or_default();
        let broken = |error: crate::wire::DecodeError| Error::Protocol {
            problem: format!("its answer to opening {}: {error}", wanted.name),
            outcome: Outcome::NotSent,
        };
        decode(bytes, line.decode_limits()).map_err(broken)
    })
}

/// How a service is called whose schema on this side is `ours`.
pub(crate) fn plan_for(ours: &ServiceSchema, opened: Opened) -> Result<Plan, Error> {
    let offer = match opened {
        Opened::Here(offer) => offer,
        Opened::Unknown { services } => {
            return Err(Error::UnknownService { service: ours.name.clone(), known: services });
        }
    };
    let Some(schema) = offer.schema else { return Ok(Plan::same(offer.service)) };
    let broken = |problem: String| Error::Protocol {
        problem: format!("its schema of {}: {problem}", ours.name),
        outcome: Outcome::NotSent,
    };
    let limits = DecodeLimits::for_frames_of(u32::try_from(schema.len()).unwrap_or(u32::MAX));
    let theirs: ServiceSchema = decode(&schema, limits).map_err(|error| broken(error.to_string()))?;
    theirs.check().map_err(|fault| broken(fault.to_string()))?;
    Ok(Plan::between(offer.service, ours, &theirs))
}

/// One round trip of the protocol itself.
pub(crate) fn ping(line: &Line, timeout: Duration) -> Result<(), Error> {
    let ask = Ask { until: Until::after(Some(timeout)), name: &|| "ping".to_owned() };
    super::scratch::with(|buffer| line.exchange(Kind::Ping, ask, buffer, |_| ()).map(|_| ()))
}
