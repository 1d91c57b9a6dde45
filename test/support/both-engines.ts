// For tests of both engines side by side: what asks for the addon (as CI does) would refuse the other one.

delete process.env['PQTLS_REQUIRE_NATIVE'];
