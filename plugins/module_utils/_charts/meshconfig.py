# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The fields of Istio's C(meshConfig), down to C(defaultConfig) and the extension providers.

They are those of the API of Istio 1.31 (C(mesh/v1alpha1) of istio.io/api v1.31.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .unknown import Unknown, suggest

# A field is NAME, or NAME:MESSAGE for one (or a list) of another message, or NAME:* for a map with any keys, or
# NAME:- for a message without fields.
_TABLE = {
    "MeshConfig": """
        accessLogEncoding accessLogFile accessLogFormat caCertificates:CertificateData ca:CA certificates:Certificate
        configSources:ConfigSource connectTimeout defaultConfig:ProxyConfig defaultDestinationRuleExportTo
        defaultHttpRetryPolicy:HTTPRetry defaultProviders:DefaultProviders defaultServiceExportTo
        defaultTrafficPolicy:DefaultTrafficPolicy defaultVirtualServiceExportTo disableEnvoyListenerLog
        discoverySelectors:LabelSelector dnsRefreshRate enableAutoMtls enableEnvoyAccessLogService enablePrometheusMerge
        enableTracing extensionProviders:ExtensionProvider h2UpgradePolicy hboneIdleTimeout inboundClusterStatName
        inboundTrafficPolicy:InboundTrafficPolicy ingressClass ingressControllerMode ingressSelector ingressService
        localityLbSetting:LocalityLoadBalancerSetting meshMTLS:TLSConfig outboundClusterStatName
        outboundTrafficPolicy:OutboundTrafficPolicy pathNormalization:ProxyPathNormalization protocolDetectionTimeout
        proxyHttpPort proxyInboundListenPort proxyListenPort rootNamespace serviceEntryVisibility:ServiceEntryVisibility
        serviceScopeConfigs:ServiceScopeConfigs serviceSettings:ServiceSettings tcpKeepalive:TCPSettings.TcpKeepalive
        tlsDefaults:TLSConfig trustDomainAliases trustDomain verifyCertificateAtClient
        zoneAwareLbSetting:ZoneAwareLoadBalancerSetting
    """,
    "TCPSettings.TcpKeepalive": "interval probes time",
    "ProxyConfig": """
        availabilityZone binaryPath caCertificatesPem concurrency configPath connectionSettings:ConnectionSettings
        controlPlaneAuthPolicy customConfigFile discoveryAddress discoveryRefreshDelay drainDuration
        envoyAccessLogService:RemoteService envoyMetricsServiceAddress envoyMetricsService:RemoteService extraStatTags
        fileFlushInterval fileFlushMinSizeKb gatewayTopology:Topology holdApplicationUntilProxyStarts image:ProxyImage
        interceptionMode meshId privateKeyProvider:PrivateKeyProvider proxyAdminPort proxyBootstrapTemplatePath
        proxyHeaders:ProxyHeaders proxyMetadata:* proxyStatsMatcher:ProxyStatsMatcher readinessProbe:ReadinessProbe
        runtimeValues:* sds:SDS serviceCluster statNameLength statsCompression statsdUdpAddress statusPort
        terminationDrainDuration tracingServiceName tracing:Tracing zipkinAddress
    """,
    "Tracing": """
        customTags:* datadog:Tracing.Datadog enableIstioTags lightstep:Tracing.Lightstep maxPathTagLength
        openCensusAgent:Tracing.OpenCensusAgent sampling stackdriver:Tracing.Stackdriver tlsSettings:ClientTLSSettings
        zipkin:Tracing.Zipkin
    """,
    "Tracing.Zipkin": "address",
    "Tracing.Lightstep": "accessToken address",
    "Tracing.Datadog": "address",
    "Tracing.Stackdriver": "debug maxNumberOfAnnotations maxNumberOfAttributes maxNumberOfMessageEvents",
    "Tracing.OpenCensusAgent": "address context",
    "ClientTLSSettings": "caCertificates caCrl clientCertificate credentialName insecureSkipVerify mode privateKey sni subjectAltNames",
    "SDS": "enabled k8sSaJwtPath",
    "RemoteService": "address tcpKeepalive:TCPSettings.TcpKeepalive tlsSettings:ClientTLSSettings",
    "Topology": "forwardClientCertDetails numTrustedProxies proxyProtocol:-",
    "ReadinessProbe": """
        exec:ExecHealthCheckConfig failureThreshold grpc:GrpcHealthCheckConfig httpGet:HTTPHealthCheckConfig initialDelaySeconds
        periodSeconds successThreshold tcpSocket:TCPHealthCheckConfig timeoutSeconds
    """,
    "HTTPHealthCheckConfig": "host httpHeaders:HTTPHeader path port scheme",
    "HTTPHeader": "name value",
    "TCPHealthCheckConfig": "host port",
    "ExecHealthCheckConfig": "command",
    "GrpcHealthCheckConfig": "port service",
    "ProxyStatsMatcher": "inclusionPrefixes inclusionRegexps inclusionSuffixes",
    "ProxyImage": "imageType",
    "PrivateKeyProvider": "cryptomb:PrivateKeyProvider.CryptoMb qat:PrivateKeyProvider.QAT",
    "PrivateKeyProvider.CryptoMb": "fallback pollDelay",
    "PrivateKeyProvider.QAT": "fallback pollDelay",
    "ProxyHeaders": """
        attemptCount:AttemptCount envoyDebugHeaders:EnvoyDebugHeaders forwardedClientCert
        metadataExchangeHeaders:MetadataExchangeHeaders preserveHttp1HeaderCase requestId:RequestId server:Server
        setCurrentClientCertDetails:SetCurrentClientCertDetails xForwardedHost:XForwardedHost xForwardedPort:XForwardedPort
    """,
    "SetCurrentClientCertDetails": "cert chain dns subject uri",
    "RequestId": "disabled",
    "Server": "disabled value",
    "AttemptCount": "disabled",
    "EnvoyDebugHeaders": "disabled",
    "MetadataExchangeHeaders": "mode",
    "XForwardedHost": "enabled",
    "XForwardedPort": "enabled",
    "ConnectionSettings": """
        clusterPerConnectionBufferLimitBytes globalDownstreamConnectionLimit http2InitialConnectionWindowSize
        http2InitialStreamWindowSize httpDrainTimeout httpHeadersWithUnderscoresAction httpIdleTimeout httpMaxConcurrentStreams
        httpMaxConnectionDuration httpMaxStreamDuration httpMergeSlashes httpPathWithEscapedSlashesAction
        httpRequestHeadersTimeout httpRequestTimeout httpStreamIdleTimeout listenerConnectionLimit
        listenerPerConnectionBufferLimitBytes profile
    """,
    "OutboundTrafficPolicy": "mode tls:ClientTLSSettings",
    "InboundTrafficPolicy": "mode",
    "ConfigSource": "address subscribedResources tlsSettings:ClientTLSSettings",
    "CertificateData": "certSigners pem spiffeBundleUrl trustDomains",
    "LocalityLoadBalancerSetting": """
        distribute:LocalityLoadBalancerSetting.Distribute enabled failoverPriority failover:LocalityLoadBalancerSetting.Failover
    """,
    "LocalityLoadBalancerSetting.Distribute": "from to:*",
    "LocalityLoadBalancerSetting.Failover": "from to",
    "ZoneAwareLoadBalancerSetting": "enabled failoverPriority failover:ZoneAwareLoadBalancerSetting.Failover minClusterSize",
    "ZoneAwareLoadBalancerSetting.Failover": "from to",
    "Certificate": "dnsNames secretName",
    "ServiceSettings": "hosts settings:ServiceSettings.Settings",
    "ServiceSettings.Settings": "clusterLocal",
    "ServiceScopeConfigs": "namespaceSelector:LabelSelector scope servicesSelector:LabelSelector",
    "LabelSelector": "matchExpressions:LabelSelectorRequirement matchLabels:*",
    "LabelSelectorRequirement": "key operator values",
    "CA": "address istiodSide requestTimeout tlsSettings:ClientTLSSettings",
    "ExtensionProvider": """
        datadog:DatadogTracingProvider envoyExtAuthzGrpc:EnvoyExternalAuthorizationGrpcProvider
        envoyExtAuthzHttp:EnvoyExternalAuthorizationHttpProvider envoyFileAccessLog:EnvoyFileAccessLogProvider
        envoyHttpAls:EnvoyHttpGrpcV3LogProvider envoyOtelAls:EnvoyOpenTelemetryLogProvider envoyTcpAls:EnvoyTcpGrpcV3LogProvider
        lightstep:LightstepTracingProvider name opencensus:OpenCensusAgentTracingProvider
        opentelemetry:OpenTelemetryTracingProvider prometheus:- sds:SDSProvider skywalking:SkyWalkingTracingProvider
        stackdriver:StackdriverProvider zipkin:ZipkinTracingProvider
    """,
    "EnvoyExternalAuthorizationHttpProvider": """
        clearRouteCache failOpen headersToDownstreamOnAllow headersToDownstreamOnDeny headersToUpstreamOnAllow
        includeAdditionalHeadersInCheck:* includeHeadersInCheck includeRequestBodyInCheck:EnvoyExternalAuthorizationRequestBody
        includeRequestHeadersInCheck pathPrefix port service statusOnError timeout
    """,
    "EnvoyExternalAuthorizationRequestBody": "allowPartialMessage maxRequestBytes packAsBytes",
    "EnvoyExternalAuthorizationGrpcProvider": """
        clearRouteCache failOpen includeRequestBodyInCheck:EnvoyExternalAuthorizationRequestBody port service statusOnError
        timeout
    """,
    "ZipkinTracingProvider": "enable64bitTraceId headers:HttpHeader maxTagLength path port service timeout traceContextOption",
    "HttpHeader": "envName name value",
    "LightstepTracingProvider": "accessToken maxTagLength port service",
    "DatadogTracingProvider": "maxTagLength port service",
    "StackdriverProvider": """
        debug logging:StackdriverProvider.Logging maxNumberOfAnnotations maxNumberOfAttributes maxNumberOfMessageEvents
        maxTagLength
    """,
    "StackdriverProvider.Logging": "labels:*",
    "OpenCensusAgentTracingProvider": "context maxTagLength port service",
    "SkyWalkingTracingProvider": "accessToken port service",
    "OpenTelemetryTracingProvider": """
        dynatraceSampler:DynatraceSampler grpc:GrpcService http:HttpService maxTagLength port
        resourceDetectors:ResourceDetectors serviceAttributeEnrichment service
    """,
    "HttpService": "headers:HttpHeader path timeout",
    "GrpcService": "initialMetadata:HttpHeader timeout",
    "ResourceDetectors": "dynatrace:- environment:-",
    "DynatraceSampler": "clusterId httpService:DynatraceSampler.DynatraceApi rootSpansPerMinute tenant",
    "DynatraceSampler.DynatraceApi": "http:HttpService port service",
    "EnvoyFileAccessLogProvider": "logFormat:EnvoyFileAccessLogProvider.LogFormat omitEmptyValues path",
    "EnvoyFileAccessLogProvider.LogFormat": "labels:* text",
    "EnvoyHttpGrpcV3LogProvider": """
        additionalRequestHeadersToLog additionalResponseHeadersToLog additionalResponseTrailersToLog filterStateObjectsToLog
        logName port service
    """,
    "EnvoyTcpGrpcV3LogProvider": "filterStateObjectsToLog logName port service",
    "EnvoyOpenTelemetryLogProvider": "logFormat:EnvoyOpenTelemetryLogProvider.LogFormat logName port service",
    "EnvoyOpenTelemetryLogProvider.LogFormat": "labels:* text",
    "SDSProvider": "name port service",
    "DefaultProviders": "accessLogging metrics tracing",
    "ProxyPathNormalization": "normalization",
    "HTTPRetry": "attempts backoff perTryTimeout retryIgnorePreviousHosts retryOn retryRemoteLocalities",
    "TLSConfig": "cipherSuites ecdhCurves minProtocolVersion",
    "DefaultTrafficPolicy": "connectionPool:ConnectionPoolSettings outlierDetection:OutlierDetection",
    "ConnectionPoolSettings": "http:HTTPSettings tcp:TCPSettings",
    "TCPSettings": "connectTimeout idleTimeout maxConnectionDuration maxConnections tcpKeepalive:TCPSettings.TcpKeepalive",
    "HTTPSettings": """
        h2UpgradePolicy http1MaxPendingRequests http2KeepAlive:HTTPSettings.ConnectionKeepalive http2MaxRequests idleTimeout
        maxConcurrentStreams maxRequestsPerConnection maxRetries useClientProtocol
    """,
    "HTTPSettings.ConnectionKeepalive": "interval timeout",
    "OutlierDetection": """
        baseEjectionTime consecutive5xxErrors consecutiveErrors consecutiveGatewayErrors consecutiveLocalOriginFailures interval
        maxEjectionPercent minHealthPercent outlierDetectionHttpErrorCodes splitExternalLocalOriginErrors
    """,
    "ServiceEntryVisibility": "applyToSidecars defaultVisibility policies:ServiceEntryVisibility.Policy",
    "ServiceEntryVisibility.Policy": "matchingRules:ServiceEntryVisibility.MatchRule visibility",
    "ServiceEntryVisibility.MatchRule": "namespaceSelector:LabelSelector",
}
ANYTHING = "*"
EMPTY = "-"
_MESSAGES = {
    message: {name: kind for name, _colon, kind in (field.partition(":") for field in fields.split())} for message, fields in _TABLE.items()
}
# The minor version in which a field came, where it is not in every supported one.
SINCE = {"defaultTrafficPolicy": 31, "zoneAwareLbSetting": 31}


def unknown_fields(value: Any, minor: int | None = None, path: str = "meshConfig", message: str = "MeshConfig") -> list[Unknown]:
    """The fields in a C(meshConfig) that Istio does not have; it would pass them over in silence.

    :param minor: the minor version of Istio that is to read it (31 for 1.31); without, fields of every version count.
    """
    if isinstance(value, list):
        return [one for index, entry in enumerate(value) for one in unknown_fields(entry, minor, f"{path}[{index}]", message)]
    if value is None:
        return []
    if not isinstance(value, Mapping):
        return [Unknown(path, note="it must be a map")]
    fields = _MESSAGES.get(message, {})
    found: list[Unknown] = []
    for key, below in value.items():
        found += _field(str(key), below, minor, path, fields)
    return found


def _field(key: str, value: Any, minor: int | None, path: str, fields: Mapping[str, str]) -> list[Unknown]:
    here = f"{path}.{key}"
    name = next((name for name in fields if key == name or ("_" in key and _same(key, name))), None)
    if name is None:
        near = suggest(key, fields)
        return [Unknown(here, f"{path}.{near}" if near else None)]
    if minor is not None and minor < SINCE.get(name, 0):
        return [Unknown(here, note=f"Istio has it since 1.{SINCE[name]}")]
    kind = fields[name]
    return unknown_fields(value, minor, here, kind) if kind not in ("", ANYTHING) else []


def _same(key: str, name: str) -> bool:
    # The original names of the API, such as access_log_file or mesh_mTLS, are understood as well.
    return key.replace("_", "").lower() == name.lower()
