//! Parts that more than one section uses, or that would stand in the way of one.

pub mod answer_card;
pub mod auto_run;
pub mod bars;
pub mod code;
pub mod copy_button;
pub mod line_chart;
pub mod near;
pub mod panel;
pub mod plot_view;
pub mod segmented;
pub mod source;
pub mod status_pill;
pub mod storage;
pub mod theme;
pub mod tour;
