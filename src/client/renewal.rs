//! Renewal ahead of time: while somebody looks at a page that uses its tokens.

use std::rc::Rc;

use super::Client;
use crate::error::Error;
use crate::platform::*;
use crate::protocol::scope::Scope;
use crate::vault::Target;
use crate::wire::{FromVault, RenewalFailed, Renewed};

/// The longest sleep of the timer, in milliseconds: a machine that slept is noticed within it.
const LONGEST_SLEEP: i64 = 60 * 60 * 1000;

impl Client {
    /// The page has come into view or out of it, is online again, or was woken: what is due is renewed at once.
    pub(super) fn awake(&self, page: &Rc<dyn Page>, visible: bool) {
        let address = Rc::as_ptr(page).cast::<()>();
        for attached in self.pages.borrow().iter().filter(|attached| attached.page.as_ptr().cast::<()>() == address) {
            attached.visible.set(visible);
        }
        self.renew_what_is_due();
    }

    /// Wakes up when the next token is due.
    pub(super) fn schedule(&self) {
        let Some(wait) = self.vault.borrow().next_due_in(self.platform.moment()) else { return };
        let alarm = self.alarm.get().wrapping_add(1);
        self.alarm.set(alarm);
        let client = self.this.clone();
        let sleep = self.platform.sleep(u32::try_from(wait.clamp(1000, LONGEST_SLEEP)).unwrap_or(u32::MAX));
        // It holds no client alive, and the last one to be set is the one that counts.
        self.platform.spawn(Box::pin(async move {
            sleep.await;
            if let Some(client) = client.upgrade().filter(|client| client.alarm.get() == alarm) {
                client.renew_what_is_due();
                if client.vault.borrow().due(client.platform.moment()).is_empty() {
                    client.schedule();
                }
            }
        }));
    }

    fn renew_what_is_due(&self) {
        let visible = self.pages.borrow().iter().any(|attached| attached.visible.get());
        let (true, Some(page), Ok(client)) = (visible, self.some_page(), self.share()) else { return };
        for (target, scope) in self.vault.borrow().due(self.platform.moment()) {
            let (client, page): (_, Rc<dyn Page>) = (client.clone(), page.clone());
            // A failure shows at the next use, and in the event.
            self.platform.spawn(Box::pin(async move { drop(client.renew(&page, target, scope).await) }));
        }
    }

    /// Tells the pages how a renewal has ended.
    pub(super) fn report(&self, target: &Target, scope: &Scope, outcome: Result<(), Error>) {
        match outcome {
            Ok(()) => {
                let vault = self.vault.borrow();
                if let Some(token) = vault.last_resort(target, scope, self.platform.moment()) {
                    self.tell(&FromVault::Renewed(Renewed {
                        audience: target.name(),
                        scope: token.granted.as_string(),
                        expires_at: token.expires_at_millis(),
                    }));
                }
            }
            Err(error) => {
                let failed = RenewalFailed { error: error.to_wire(), retry: self.is_signed_in() };
                self.tell(&FromVault::RenewalFailed(failed));
            }
        }
    }
}
