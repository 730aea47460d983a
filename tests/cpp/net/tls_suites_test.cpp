#include "net/tls_suites.h"

#include "certificate.h"
#include "loopback.h"
#include "net/tls_certificates.h"
#include "tls_client.h"

#include <algorithm>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <openssl/err.h>
#include <tuple>

using namespace ocilot;
using test::TlsClient;
using testing::HasSubstr;

namespace {

using Names = std::vector<std::string>;

Names const ecdsa_names = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                           "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                           "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"};
Names const rsa_names = {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                         "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"};
Names const tls1_3_names = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                            "TLS_CHACHA20_POLY1305_SHA256"};

/// What two ends agree on, by the name of IANA; empty if they do not.
std::string agreed(net::TlsContext const& server, int version) {
    TlsClient const client(-1);
    std::unique_ptr<SSL, decltype(&SSL_free)> const other(SSL_new(server.native()), &SSL_free);
    BIO *to_client = nullptr, *to_server = nullptr;
    BIO_new_bio_pair(&to_client, 1 << 16, &to_server, 1 << 16);
    SSL_set_bio(client.native(), to_server, to_server);
    SSL_set_bio(other.get(), to_client, to_client);
    SSL_set_accept_state(other.get());
    SSL_set_max_proto_version(client.native(), version);
    for (int turn = 0; turn < 4; ++turn) {
        std::ignore = client.connect();
        std::ignore = SSL_do_handshake(other.get());
    }
    ERR_clear_error();
    if (SSL_is_init_finished(client.native()) == 0 || SSL_is_init_finished(other.get()) == 0) return {};
    return SSL_CIPHER_standard_name(SSL_get_current_cipher(client.native()));
}

class TlsSuites : public testing::Test {
  protected:
    void SetUp() override { test::write_certificate(settings, "ec"); }

    void select(Names const& names) { settings.suites = net::TlsSuites::parse(names).value(); }
    std::string agreed_on(int version) const {
        return agreed(*net::TlsContext::load(settings).value(), version);
    }

    test::TemporaryDirectory directory;
    net::TlsSettings settings{directory.file("certificate.pem"), directory.file("key.pem"),
                              net::TlsVersion::tls1_2};
};

}  // namespace

TEST_F(TlsSuites, EachNameSelectsTheSuiteThatIsCalledSo) {
    for (auto const& name : ecdsa_names) {
        select({name});
        EXPECT_EQ(agreed_on(TLS1_2_VERSION), name);
    }
    test::write_certificate(settings, "rsa", nullptr, EVP_RSA_gen(2048));
    for (auto const& name : rsa_names) {
        select({name});
        EXPECT_EQ(agreed_on(TLS1_2_VERSION), name);
    }
    for (auto const& name : tls1_3_names) {
        select({name, rsa_names.front()});
        EXPECT_EQ(agreed_on(TLS1_3_VERSION), name);
        EXPECT_EQ(agreed_on(TLS1_2_VERSION), rsa_names.front());
    }
}

TEST_F(TlsSuites, TheirOrderIsThatOfThePreference) {
    for (auto names : {ecdsa_names, tls1_3_names}) {
        auto const version = names == ecdsa_names ? TLS1_2_VERSION : TLS1_3_VERSION;
        std::ranges::sort(names);
        do {
            auto all = names;
            all.insert(all.end(), names.rbegin(), names.rend());  // A name that comes again changes nothing.
            all.insert(all.end(), ecdsa_names.begin(), ecdsa_names.end());
            select(all);
            EXPECT_EQ(agreed_on(version), names.front());
        } while (std::ranges::next_permutation(names).found);
    }
}

TEST_F(TlsSuites, ThoseOfTls1_2LeaveTls1_3AsItIs) {
    auto const before = agreed_on(TLS1_3_VERSION);
    EXPECT_THAT(tls1_3_names, testing::Contains(before));
    select({ecdsa_names.back()});
    EXPECT_EQ(agreed_on(TLS1_3_VERSION), before);
}

TEST_F(TlsSuites, WithoutForwardSecrecyOrAuthenticatedEncryptionAreRefused) {
    for (std::string const name :
         {"TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_AES_128_CCM_SHA256",
          "ECDHE-RSA-AES128-GCM-SHA256", "ALL", "tls_aes_128_gcm_sha256", ""}) {
        auto const refused = net::TlsSuites::parse({rsa_names.front(), name});
        ASSERT_TRUE(refused.has_error()) << name;
        EXPECT_EQ(refused.error().code, Errc::config);
        EXPECT_THAT(refused.error().message, testing::StartsWith(fmt::format(
                                                 "invalid cipher suite \"{}\": expected one of TLS_", name)));
        for (auto const& names : {ecdsa_names, rsa_names, tls1_3_names}) {
            for (auto const& good : names) EXPECT_THAT(refused.error().message, HasSubstr(good));
        }
    }
}

TEST_F(TlsSuites, OneHasToWorkWithTheKeyWhereTls1_2IsAllowed) {
    select(rsa_names);
    EXPECT_EQ(
        net::TlsContext::load(settings).error().message,
        fmt::format("cannot use the TLS certificate `{}`: none of the selected cipher suites works with "
                    "its ECDSA key and TLS 1.2; select TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, too, or "
                    "allow TLS 1.3 only",
                    settings.certificate_file));
    select(tls1_3_names);
    EXPECT_EQ(net::TlsContext::load(settings).error().code, Errc::config);
    test::write_certificate(settings, "rsa", nullptr, EVP_RSA_gen(2048));
    select(ecdsa_names);
    EXPECT_THAT(net::TlsContext::load(settings).error().message, HasSubstr("its RSA key"));

    for (auto const& names : {ecdsa_names, tls1_3_names}) {
        settings.minimum = net::TlsVersion::tls1_3;
        select(names);
        EXPECT_THAT(tls1_3_names, testing::Contains(agreed_on(TLS1_3_VERSION)));
        EXPECT_EQ(agreed_on(TLS1_2_VERSION), "");
    }
}

TEST_F(TlsSuites, WorkWithEveryKindOfKeyThatOpenSslServes) {
    test::write_certificate(settings, "ed25519", nullptr, EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    select(ecdsa_names);
    EXPECT_EQ(agreed_on(TLS1_2_VERSION), ecdsa_names.front());
}

TEST_F(TlsSuites, KeepTheOldCertificateIfTheKeyOfANewOneFitsNone) {
    select(ecdsa_names);
    auto const certificates = net::TlsCertificates::load(settings).value();
    auto const old = certificates->current();
    test::write_certificate(settings, "rsa", nullptr, EVP_RSA_gen(2048));
    EXPECT_THAT(certificates->reload().error().message, HasSubstr("its RSA key"));
    EXPECT_EQ(certificates->current(), old);

    test::write_certificate(settings, "ec again");
    EXPECT_TRUE(certificates->reload().has_value());
    EXPECT_EQ(agreed(*certificates->current(), TLS1_2_VERSION), ecdsa_names.front());
}
