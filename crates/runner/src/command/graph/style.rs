//! The style sheet of the picture.

/// The colours follow the reader's choice of light or dark. The class of the picture keeps the rules off the page around it.
pub(super) const STYLE: &str = "\
.taskferry-graph { font: 13px ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'DejaVu Sans Mono', monospace }
.taskferry-graph .page { fill: #ffffff }
.taskferry-graph .box { fill: #f6f8fa; stroke: #818b98 }
.taskferry-graph .end { fill: #ddf4ff; stroke: #0969da }
.taskferry-graph .edge { fill: none; stroke: #818b98; stroke-width: 1.5 }
.taskferry-graph .arrow { fill: #818b98 }
.taskferry-graph text { fill: #1f2328 }
.taskferry-graph .note { fill: #59636e; font-size: 12px }
.taskferry-graph .loss { fill: #953800; font-size: 12px }
@media (prefers-color-scheme: dark) {
  .taskferry-graph .page { fill: #0d1117 }
  .taskferry-graph .box { fill: #212830; stroke: #9198a1 }
  .taskferry-graph .end { fill: #0c2d6b; stroke: #4493f8 }
  .taskferry-graph .edge { stroke: #9198a1 }
  .taskferry-graph .arrow { fill: #9198a1 }
  .taskferry-graph text { fill: #f0f6fc }
  .taskferry-graph .note { fill: #b7bdc8 }
  .taskferry-graph .loss { fill: #f0883e }
}
";
