//! Waiting together: a computation that many callers share, and a gate that opens once.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// A value that comes later, for any number of waiters.
pub struct Flight<T>(Rc<RefCell<State<T>>>);

struct State<T> {
    value: Option<T>,
    waiting: Vec<Waker>,
}

impl<T> Clone for Flight<T> {
    fn clone(&self) -> Self {
        Flight(self.0.clone())
    }
}

impl<T: Clone> Flight<T> {
    /// A flight that has not landed.
    pub fn new() -> Self {
        Flight(Rc::new(RefCell::new(State { value: None, waiting: Vec::new() })))
    }

    /// Gives every waiter, and every later one, `value`. Only the first landing counts.
    pub fn land(&self, value: T) {
        let waiting = {
            let mut state = self.0.borrow_mut();
            state.value.get_or_insert(value);
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// The value, once it is there.
    pub async fn landed(&self) -> T {
        poll_fn(|context| {
            let mut state = self.0.borrow_mut();
            if let Some(value) = &state.value {
                return Poll::Ready(value.clone());
            }
            state.waiting.push(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}
