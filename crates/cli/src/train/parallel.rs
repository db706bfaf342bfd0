//! Work dealt to threads, results in order.

use omniguard_core::grpo::{Batch, Gradients, Learner, N_SHARDS};

/// Applies `work` to every item; results come in the items' order, whatever the number of threads.
pub(super) fn map_mut<T: Send, R: Send>(
    items: &mut [T],
    threads: usize,
    work: impl Fn(&mut T) -> R + Sync,
) -> Vec<R> {
    let per_thread = items.len().div_ceil(threads.max(1)).max(1);
    std::thread::scope(|scope| {
        let handles: Vec<_> = items
            .chunks_mut(per_thread)
            .map(|chunk| scope.spawn(|| chunk.iter_mut().map(&work).collect::<Vec<_>>()))
            .collect();
        handles
            .into_iter()
            .flat_map(|handle| match handle.join() {
                Ok(results) => results,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}

/// The gradient of a batch, its shards dealt to threads and summed in index order.
pub(super) fn shards(learner: &Learner, batch: &Batch, threads: usize) -> Gradients {
    let mut indices: Vec<usize> = (0..N_SHARDS).collect();
    Gradients::reduce(map_mut(&mut indices, threads, |&mut shard| {
        learner.shard_gradients(batch, shard)
    }))
}
