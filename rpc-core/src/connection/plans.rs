//! The services that are open on one connection. Every call looks one up, and there are few: so a list that only grows,
//! and that is read without a lock.
use crate::ServiceInfo;
use crate::proto::Plan;
use std::sync::OnceLock;

#[derive(Debug, Default)]
pub(crate) struct Plans(OnceLock<Box<Entry>>);

#[derive(Debug)]
struct Entry {
    service: &'static ServiceInfo,
    plan: Plan,
    behind: Plans,
}

impl Plans {
    /// How `service` is called, if it is open.
    pub(crate) fn find(&self, service: &'static ServiceInfo) -> Option<&Plan> {
        let mut list = self;
        while let Some(entry) = list.0.get() {
            if std::ptr::eq(entry.service, service) {
                return Some(&entry.plan);
            }
            list = &entry.behind;
        }
        None
    }

    /// It has been opened. If another thread was faster, its plan is as good.
    pub(crate) fn add(&self, service: &'static ServiceInfo, plan: Plan) -> &Plan {
        let mut new = Some(Box::new(Entry { service, plan, behind: Plans::default() }));
        let mut list = self;
        loop {
            let entry = list.0.get_or_init(|| new.take().expect("it is put in once, and then found"));
            if std::ptr::eq(entry.service, service) {
                return &entry.plan;
            }
            list = &entry.behind;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static ONE: ServiceInfo = ServiceInfo::new("One", "", &[]);
    static OTHER: ServiceInfo = ServiceInfo::new("Other", "", &[]);

    #[test]
    fn the_first_plan_of_a_service_stays() {
        let plans = Plans::default();
        assert!(plans.find(&ONE).is_none());
        assert_eq!(plans.add(&ONE, Plan::same(1)).service, 1);
        assert_eq!(plans.add(&OTHER, Plan::same(2)).service, 2);
        assert_eq!(plans.add(&ONE, Plan::same(3)).service, 1, "somebody was faster");
        assert_eq!(plans.find(&OTHER).map(|plan| plan.service), Some(2));
    }
}
