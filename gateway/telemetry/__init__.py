"""From rows to traces: spans by the GenAI conventions of OpenTelemetry, sent by OTLP. Lives in the process that keeps records."""
