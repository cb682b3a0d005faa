"""The frame of the page around the plots, for Bokeh's own template."""

TEMPLATE = """
{% block postamble %}
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<style>
* { box-sizing: border-box; }
body { margin: 0; background: #f4f6f8; color: #222b36;
  font: 14px/1.4 system-ui, "Segoe UI", Roboto, sans-serif; }
header { background: #222b36; color: #fff; padding: 8px 16px; }
h1 { font-size: 16px; margin: 0; font-weight: 600; }
main { padding: 12px 16px 24px; display: grid; gap: 12px; align-items: start;
  grid-template-columns: minmax(0, 1fr) 370px;
  grid-template-areas: "head head" "bar bar" "plots side"; }
.head { grid-area: head; display: grid; gap: 8px; }
.bar { grid-area: bar; display: flex; flex-wrap: wrap; gap: 4px 24px; }
.plots { grid-area: plots; display: grid; gap: 12px; min-width: 0; }
.side { grid-area: side; display: grid; gap: 12px; min-width: 0; }
.box { background: #fff; border: 1px solid #d5dbe1; border-radius: 6px; padding: 8px;
  min-width: 0; }
@media (max-width: 860px) {
  main { padding: 8px; grid-template-columns: minmax(0, 1fr);
    grid-template-areas: "head" "bar" "plots" "side"; }
}
</style>
{% endblock %}
{% block contents %}
<header><h1>SAFE monitor</h1></header>
<main>
<div class="head">{{ embed(roots.cards) }}{{ embed(roots.devices) }}</div>
<div class="bar">{{ embed(roots.time) }}{{ embed(roots.actions) }}{{ embed(roots.asked) }}</div>
<div class="plots">
<div class="box">{{ embed(roots.score) }}</div>
<div class="box">{{ embed(roots.lanes) }}</div>
<div class="box">{{ embed(roots.pick) }}{{ embed(roots.channel) }}</div>
</div>
<div class="side">
<div class="box">{{ embed(roots.values) }}</div>
<div class="box">{{ embed(roots.events) }}</div>
<div class="box">{{ embed(roots.facts) }}</div>
</div>
</main>
{% endblock %}
"""
