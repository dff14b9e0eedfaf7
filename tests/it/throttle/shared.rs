//! The state in memory holds what is promised of every shared state [14.4].

use tower_auth::{
    shared::{MemorySharedState, SharedState},
    testing::{self, ManualClock},
};

#[tokio::test]
async fn the_state_in_memory_holds_what_is_promised() {
    testing::shared_state(async || {
        let clock = ManualClock::now();
        let state = MemorySharedState::new().with_clock(clock.clock());
        let handles: [std::sync::Arc<dyn SharedState>; 2] = [
            std::sync::Arc::new(state.clone()),
            std::sync::Arc::new(state),
        ];
        (handles, async move |by| clock.advance(by))
    })
    .await;
}
