"""CoreDNS as a process of the node, behind the Service `kube-dns`."""

from __future__ import annotations

import socket
from pathlib import Path

from lab.addresses import DOMAIN, Plan
from lab.client import Body, Client
from lab.paths import program
from lab.process import Program

NAMESPACE = "kube-system"
SERVICE = "kube-dns"
PORT = 53


def corefile(plan: Plan) -> str:
    """CoreDNS's configuration: cluster names from the API; no other name exists, as the lab has no way out."""
    return f"""\
{DOMAIN} in-addr.arpa ip6.arpa {{
  bind {plan.node_ip}
  errors
  kubernetes {{
    kubeconfig {plan.directory / "coredns.kubeconfig"}
    pods insecure
    ttl 5
  }}
}}
. {{
  bind {plan.node_ip}
  errors
  template ANY ANY {{
    rcode NXDOMAIN
  }}
}}
"""


def coredns(plan: Plan) -> Program:
    """How CoreDNS is started; its configuration file must be there."""
    argv = [str(program("coredns")), f"-conf={_corefile(plan)}", f"-dns.port={PORT}"]
    return Program("coredns", argv, plan.logs / "coredns.log", plan.namespace)


def service(plan: Plan) -> Body:
    """The Service `kube-dns`, without selector: its endpoint is written by hand."""
    ports = [{"name": name, "port": PORT, "protocol": kind} for name, kind in (("dns", "UDP"), ("dns-tcp", "TCP"))]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": SERVICE, "namespace": NAMESPACE, "labels": {"k8s-app": SERVICE}},
        "spec": {"clusterIP": plan.dns_ip, "ports": ports},
    }


def endpoints(plan: Plan) -> Body:
    """The EndpointSlice that leads the Service to the node."""
    ports = [{"name": name, "port": PORT, "protocol": kind} for name, kind in (("dns", "UDP"), ("dns-tcp", "TCP"))]
    labels = {"kubernetes.io/service-name": SERVICE, "endpointslice.kubernetes.io/managed-by": "lab"}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": f"{SERVICE}-lab", "namespace": NAMESPACE, "labels": labels},
        "addressType": "IPv4",
        "ports": ports,
        "endpoints": [{"addresses": [plan.node_ip], "conditions": {"ready": True}}],
    }


def write_files(plan: Plan) -> None:
    """CoreDNS's configuration file."""
    _corefile(plan).write_text(corefile(plan))


def publish(plan: Plan, client: Client) -> None:
    """Create the Service and its endpoints where they are missing."""
    client.ensure(f"/api/v1/namespaces/{NAMESPACE}/services", service(plan))
    client.ensure(f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices", endpoints(plan))


def answers(plan: Plan) -> bool:
    """Whether the DNS server accepts connections."""
    try:
        socket.create_connection((plan.node_ip, PORT), timeout=1).close()
    except OSError:
        return False
    return True


def _corefile(plan: Plan) -> Path:
    return plan.directory / "Corefile"
