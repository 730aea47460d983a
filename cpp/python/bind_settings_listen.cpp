#include "python/settings_class.h"

#include <pybind11/stl.h>

namespace ocilot::python {

using server::CertificateSettings;
using server::ListenSettings;
using server::OperationsSettings;
using server::PoolSettings;
using server::Settings;

void init_listen_settings(SettingsClass& settings) {
    field(settings, "address", &Settings::listen, &ListenSettings::address,
          "`HOST:PORT`, `:PORT` or `[V6]:PORT`; port 0 takes a free one; `localhost` is both loopback "
          "addresses; "
          "empty: only the control socket is served.");
    field(settings, "control_socket", &Settings::listen, &ListenSettings::control_socket,
          "Path; empty: `ocilot/control.sock` in `root`, none for a registry in memory.");
    field(settings, "debug_address", &Settings::listen, &ListenSettings::debug_address,
          "Separate address for metrics and health endpoints; empty: `address`.");
    field(settings, "metrics_readers", &Settings::operations, &OperationsSettings::metrics_readers,
          "Callers who may read metrics besides administrators, as in rules of access; set the whole list.");
    field(
        settings, "trusted_proxies", &Settings::listen, &ListenSettings::trusted_proxies,
        "Networks of proxies that are believed how and from where a client comes; set the whole list. None: "
        "loopback and private networks, believed how it comes but not its address.");
    field(settings, "threads", &Settings::listen, &ListenSettings::threads,
          "I/O threads; 0: one for each CPU that may be used.");
    field(settings, "write_threads", &Settings::pools, &PoolSettings::writing,
          "Most threads that write and sync files.");
    field(settings, "read_threads", &Settings::pools, &PoolSettings::reading,
          "Most threads that read what is not in memory.");
    field(settings, "tls_certificate", &Settings::tls, &CertificateSettings::certificate,
          "PEM file; empty: plain HTTP.");
    field(settings, "tls_key", &Settings::tls, &CertificateSettings::key, "PEM file.");
    field(settings, "tls_minimum", &Settings::tls, &CertificateSettings::minimum, "`tls1.2` or `tls1.3`.");
    field(settings, "tls_suites", &Settings::tls, &CertificateSettings::suites,
          "Cipher suites by preference, such as `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`; empty: OpenSSL's "
          "default; set the whole list.");
    field(settings, "tls_client_authorities", &Settings::tls, &CertificateSettings::client_authorities,
          "PEM files of those who may sign certificates of clients; set the whole list.");
    field(settings, "tls_client_required", &Settings::tls, &CertificateSettings::client_required,
          "Whether every client needs a certificate, if there are authorities.");
}

}  // namespace ocilot::python
