/* After a form came back with faults, start reading at the list of them (components/error_summary.html). */

export default function focusErrors(summary) {
  summary.focus({ preventScroll: false });
}
