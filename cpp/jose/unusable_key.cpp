#include "jose/unusable_key.h"

#include <openssl/err.h>
#include <utility>

namespace ocilot::jose {

Error unusable_key(std::string why) {
    ERR_clear_error();
    return {Errc::config, std::move(why)};
}

}  // namespace ocilot::jose
