// The editor for MJML, bundled by tools/assets.py into static/vendor/codemirror. It stands over a textarea
// that keeps the text: without this file the textarea is the editor. In a shadow root, because its styles
// are then style sheets that our policy allows.
import { xml } from "@codemirror/lang-xml";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorView, basicSetup } from "codemirror";

function mount(area) {
  const host = document.createElement("div");
  host.className = "code-editor";
  const root = host.attachShadow({ mode: "open" });
  area.after(host);
  const label = document.querySelector(`label[for="${area.id}"]`);
  const view = new EditorView({
    doc: area.value,
    root,
    parent: root,
    extensions: [
      basicSetup, xml(), lintGutter(), EditorView.lineWrapping,
      EditorView.theme({ "&": { maxHeight: "32rem", fontSize: "14px" }, ".cm-scroller": { overflow: "auto" }, ".cm-activeLine": { backgroundColor: "transparent" } }),
      EditorView.contentAttributes.of({ "aria-label": label ? label.textContent.trim() : area.name, "aria-multiline": "true" }),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        area.value = update.state.doc.toString();
        area.dispatchEvent(new Event("input", { bubbles: true }));
      }),
    ],
  });
  area.hidden = true;
  if (label) label.addEventListener("click", () => view.focus());
  area.addEventListener("mjml-problems", (event) => {
    const found = event.detail.map((p) => {
      const line = view.state.doc.line(Math.min(Math.max(p.line, 1), view.state.doc.lines));
      const from = Math.min(line.from + p.column - 1, line.to);
      return { from, to: Math.min(from + 1, view.state.doc.length), severity: p.serious ? "error" : "warning", message: p.message };
    });
    view.dispatch(setDiagnostics(view.state, found));
  });
}

document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("textarea[data-mjml]").forEach(mount));
