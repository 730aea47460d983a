#include "net/tls_context.h"

#include "certificate.h"
#include "loopback.h"
#include "net/tls_certificates.h"

#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

using namespace ocilot;

namespace {

class TlsFiles : public testing::Test {
  protected:
    void SetUp() override { test::write_certificate(settings, "first"); }

    void write(std::string const& file, std::string_view text) { std::ofstream(file) << text; }
    std::string refusal() const {
        auto const refused = net::TlsContext::load(settings);
        EXPECT_TRUE(refused.has_error());
        if (!refused.has_error()) return {};
        EXPECT_EQ(refused.error().code, Errc::config);
        return refused.error().message;
    }

    test::TemporaryDirectory directory;
    net::TlsSettings settings{directory.file("certificate.pem"), directory.file("key.pem"),
                              net::TlsVersion::tls1_2};
};

using TlsContext = TlsFiles;
using TlsCertificates = TlsFiles;

}  // namespace

TEST_F(TlsContext, KnowsWhenItsCertificateExpires) {
    auto const in_an_hour = SystemClock().now() + std::chrono::hours(1);
    auto const expires_at = net::TlsContext::load(settings).value()->expires_at();
    EXPECT_LE(expires_at, in_an_hour);
    EXPECT_GT(expires_at, in_an_hour - std::chrono::minutes(10));
}

TEST_F(TlsContext, NamesTheFileThatIsMissing) {
    auto const key = settings.key_file;
    settings.key_file = directory.file("nothing");
    EXPECT_EQ(refusal(),
              fmt::format("cannot use the TLS key `{}`: No such file or directory", settings.key_file));
    settings.key_file = key;
    settings.certificate_file = directory.file("nothing");
    EXPECT_EQ(refusal(), fmt::format("cannot use the TLS certificate `{}`: No such file or directory",
                                     settings.certificate_file));
    settings.certificate_file = directory.file("");
    EXPECT_EQ(refusal(),
              fmt::format("cannot use the TLS certificate `{}`: Is a directory", settings.certificate_file));
}

TEST_F(TlsContext, TakesFilesThatBeginWithAByteOrderMark) {
    for (auto const& file : {settings.certificate_file, settings.key_file}) {
        std::stringstream text;
        text << std::ifstream(file).rdbuf();
        write(file, "\xEF\xBB\xBF" + text.str());
    }
    EXPECT_TRUE(net::TlsContext::load(settings).has_value());
}

TEST_F(TlsContext, NamesTheFileThatIsNotPem) {
    write(settings.key_file, "hello\n");
    EXPECT_EQ(refusal(), fmt::format("cannot use the TLS key `{}`: it contains no private key in PEM form",
                                     settings.key_file));
    write(settings.certificate_file, "");
    EXPECT_EQ(refusal(),
              fmt::format("cannot use the TLS certificate `{}`: it contains no certificate in PEM form",
                          settings.certificate_file));
    write(settings.certificate_file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    EXPECT_TRUE(refusal().starts_with(
        fmt::format("cannot use the TLS certificate `{}`: it is damaged", settings.certificate_file)));
}

TEST_F(TlsContext, SaysThatKeyAndCertificateDoNotMatch) {
    auto other = settings;
    other.key_file = directory.file("other.pem");
    test::write_certificate({directory.file("unused.pem"), other.key_file, other.minimum}, "other");
    settings = other;
    EXPECT_EQ(refusal(),
              fmt::format("cannot use the TLS key `{}`: it does not belong to the certificate `{}`",
                          settings.key_file, settings.certificate_file));
}

TEST_F(TlsContext, RefusesAnEncryptedKeyInsteadOfAsking) {
    test::write_certificate(settings, "first", "secret");
    EXPECT_EQ(refusal(),
              fmt::format("cannot use the TLS key `{}`: it is encrypted; store it without a passphrase",
                          settings.key_file));
}

TEST_F(TlsContext, KnowsTheVersionsItCanInsistOn) {
    EXPECT_EQ(net::parse_tls_version("tls1.2").value(), net::TlsVersion::tls1_2);
    EXPECT_EQ(net::parse_tls_version("tls1.3").value(), net::TlsVersion::tls1_3);
    EXPECT_EQ(net::parse_tls_version("tls1.1").error().message,
              "invalid minimum TLS version \"tls1.1\": expected tls1.2 or tls1.3");
}

TEST_F(TlsCertificates, DoNotStartWithABadPair) {
    write(settings.key_file, "");
    EXPECT_EQ(net::TlsCertificates::load(settings).error().code, Errc::config);
}

TEST_F(TlsCertificates, KeepTheOldPairWhenTheNewOneIsBad) {
    auto const certificates = net::TlsCertificates::load(settings).value();
    auto const old = certificates->current();
    write(settings.key_file, "rubbish");
    EXPECT_EQ(certificates->reload().error().code, Errc::config);
    EXPECT_EQ(certificates->current(), old);
}

TEST_F(TlsCertificates, AreReadAgainOnlyWhenAFileHasChanged) {
    auto const certificates = net::TlsCertificates::load(settings).value();
    auto const old = certificates->current();
    EXPECT_FALSE(certificates->reload_if_changed().value());
    EXPECT_EQ(certificates->current(), old);

    write(settings.key_file, "rubbish");
    EXPECT_EQ(certificates->reload_if_changed().error().code, Errc::config);
    EXPECT_FALSE(certificates->reload_if_changed().value());  // Said once.
    EXPECT_EQ(certificates->current(), old);

    test::write_certificate(settings, "second");
    EXPECT_TRUE(certificates->reload_if_changed().value());
    EXPECT_NE(certificates->current(), old);

    std::filesystem::remove(settings.key_file);
    EXPECT_EQ(certificates->reload_if_changed().error().code, Errc::config);
}
