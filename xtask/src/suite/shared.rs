//! Work that whoever is free takes a part of.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Pieces of work, known some time after those who do them have begun to wait.
pub(super) struct Shared<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    /// `None` until it is known what there is to do.
    waiting: Option<VecDeque<T>>,
    under_way: usize,
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        let state = State {
            waiting: None,
            under_way: 0,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }
}

impl<T> Shared<T> {
    /// Says what there is to do. Only the first word counts.
    pub(super) fn give(&self, work: impl IntoIterator<Item = T>) {
        let mut state = self.state();
        if state.waiting.is_none() {
            state.waiting = Some(work.into_iter().collect());
        }
        self.changed.notify_all();
    }

    /// Does piece after piece until none is left to be begun.
    pub(super) fn take_part(&self, mut work: impl FnMut(T)) {
        while let Some(piece) = self.next() {
            // Also after a panic: nobody shall wait for this piece for ever.
            let _done = Done(self);
            work(piece);
        }
    }

    /// Waits until all of it is done.
    pub(super) fn wait(&self) {
        let is_open = |state: &mut State<T>| {
            state.under_way > 0 || state.waiting.as_ref().is_none_or(|left| !left.is_empty())
        };
        let state = self.changed.wait_while(self.state(), is_open);
        drop(state.unwrap_or_else(PoisonError::into_inner));
    }

    fn next(&self) -> Option<T> {
        let unknown = |state: &mut State<T>| state.waiting.is_none();
        let state = self.changed.wait_while(self.state(), unknown);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        let piece = state.waiting.as_mut()?.pop_front()?;
        state.under_way = state.under_way.saturating_add(1);
        Some(piece)
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Done<'a, T>(&'a Shared<T>);

impl<T> Drop for Done<'_, T> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.under_way = state.under_way.saturating_sub(1);
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    use super::Shared;

    #[test]
    fn each_piece_is_done_once_whoever_comes_first_and_all_are_done_before_the_wait_is_over() {
        let shared = Shared::default();
        let sum = AtomicU32::new(0);
        let take_part = || {
            shared.take_part(|piece| {
                thread::yield_now();
                sum.fetch_add(piece, Ordering::SeqCst);
            });
        };
        thread::scope(|scope| {
            scope.spawn(take_part);
            scope.spawn(take_part);
            shared.give(1..=100);
            shared.wait();
            assert_eq!(sum.load(Ordering::SeqCst), 5050);
        });
    }

    #[test]
    fn where_there_is_nothing_to_do_nobody_waits() {
        let shared = Shared::default();
        shared.give([]);
        shared.take_part(|piece: u32| assert_eq!(piece, 0));
        shared.wait();
    }
}
