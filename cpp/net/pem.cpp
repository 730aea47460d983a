#include "net/pem.h"

#include "base/read_file.h"
#include "net/tls_error.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

namespace ocilot::net {

namespace {

struct BioFree {
    void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, BioFree>;

constexpr std::size_t largest_file = 16 << 20;  // bytes

Result<std::string> text_of(std::string_view what, std::string const& file) {
    auto text = text_of_file(file, largest_file);
    if (text.has_error()) return unusable_file(what, file, text.error().message);
    return text;
}

Bio memory(std::string const& text) {
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// Never asks on the terminal: a server has nobody to answer. `asked` tells that the key is encrypted.
int no_passphrase(char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

}  // namespace

void OpenSslFree::operator()(x509_st* certificate) const noexcept {
    X509_free(certificate);
}

void OpenSslFree::operator()(evp_pkey_st* key) const noexcept {
    EVP_PKEY_free(key);
}

Error unusable_file(std::string_view what, std::string_view file, std::string_view why) {
    return {Errc::config, fmt::format("cannot use the TLS {} `{}`: {}", what, file, why)};
}

Result<std::vector<Certificate>> read_certificates(std::string_view what, std::string const& file) {
    TRY(auto const text, text_of(what, file));
    auto const source = memory(text);
    std::vector<Certificate> chain;
    for (;;) {
        Certificate certificate(PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr));
        if (!certificate) break;
        chain.push_back(std::move(certificate));
    }
    bool const at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    auto const reason = take_tls_reason();
    if (!at_end) return unusable_file(what, file, fmt::format("it is damaged ({})", reason));
    if (chain.empty()) return unusable_file(what, file, "it contains no certificate in PEM form");
    return chain;
}

Result<Key> read_key(std::string const& file) {
    TRY(auto const text, text_of("key", file));
    auto const source = memory(text);
    bool encrypted = false;
    Key key(PEM_read_bio_PrivateKey(source.get(), nullptr, &no_passphrase, &encrypted));
    if (key) return key;
    bool const none = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    auto const reason = take_tls_reason();
    if (encrypted) return unusable_file("key", file, "it is encrypted; store it without a passphrase");
    // OpenSSL's decoders answer `unsupported` where there is nothing to decode.
    if (none || text.find("PRIVATE KEY-----") == std::string::npos) {
        return unusable_file("key", file, "it contains no private key in PEM form");
    }
    return unusable_file("key", file, fmt::format("it is damaged ({})", reason));
}

}  // namespace ocilot::net
