"""The dashboards that ship: tables of panels here, Grafana's JSON in `deploy/grafana/dashboards`."""
