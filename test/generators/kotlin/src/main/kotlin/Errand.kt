/**
 * What test/generators/stories do in TypeScript, with the client that openapi-generator makes: register, publish, look,
 * claim twice under one key, compare, and claim from somebody who does not exist. The argument is a file with the errand
 * as JSON.
 */
package org.example

import java.io.File
import kotlinx.serialization.SerialName
import kotlinx.serialization.Serializable
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import org.example.keydirectory.apis.ClaimerApi
import org.example.keydirectory.apis.PublisherApi
import org.example.keydirectory.infrastructure.ClientError
import org.example.keydirectory.infrastructure.ClientException
import org.example.keydirectory.infrastructure.Serializer
import org.example.keydirectory.models.ClaimRequest
import org.example.keydirectory.models.ClientClaim
import org.example.keydirectory.models.Problem
import org.example.keydirectory.models.PublishRequest
import org.example.keydirectory.models.PublishResult
import org.example.keydirectory.models.ReconcileRequest
import org.example.keydirectory.models.RegisterRequest

@Serializable
data class Person(val user: String, val client: String, val token: String)

@Serializable
data class Errand(
    val url: String,
    val owner: Person,
    val claimer: Person,
    val registration: RegisterRequest,
    @SerialName("key_packages") val keyPackages: List<String>,
    @SerialName("idempotency_key") val idempotencyKey: String,
    val digest: String,
)

fun main(arguments: Array<String>) {
    // The directory refuses null where a member may be left out: without this line the client sends it.
    Serializer.kotlinxSerializationJsonConfiguration = { explicitNulls = false }
    check(readsStatusOfLaterDirectory()) { "expected a status that is not known yet to be read" }
    println(run(Json.decodeFromString<Errand>(File(arguments.single()).readText())))
}

fun run(errand: Errand): JsonObject {
    val publisher = PublisherApi(errand.url).apply { accessTokenProvider = { errand.owner.token } }
    val claimer = ClaimerApi(errand.url).apply { accessTokenProvider = { errand.claimer.token } }
    val (user, client) = errand.owner

    val registered = publisher.registerClient(user, client, errand.registration)
    val published = publisher.publishKeyPackages(user, client, PublishRequest(errand.keyPackages))
    val stock = publisher.getInventory(user, client).inventory.single()
    val wanted = ClaimRequest(ciphersuites = listOf(1))
    val first = claimer.claimUser(user, wanted, errand.idempotencyKey).clients.single()
    val second = claimer.claimUser(user, wanted, errand.idempotencyKey).clients.single()
    val compared = publisher.reconcile(user, client, ReconcileRequest(digest = errand.digest, refs = emptyList()))
    return buildJsonObject {
        put("registered", registered.client)
        put("stored", published.results.count { it.code == PublishResult.Code.stored })
        put("available", stock.available)
        put("last_resort_uses", stock.lastResort?.uses)
        put("claimed", first.status.value)
        put("again", first.status == ClientClaim.Status.claimed && first.keyPackageRef == second.keyPackageRef)
        put("unknown_here", compared.serverRefs.size)
        put("refused", refusalOf { claimer.claimUser("nobody", ClaimRequest()) })
    }
}

/** The code of the problem that the call is refused with. */
fun refusalOf(call: () -> Any): String =
    try {
        call()
        "nothing"
    } catch (refused: ClientException) {
        val body = (refused.response as ClientError<*>).body as String
        Serializer.kotlinxSerializationJson.decodeFromString<Problem>(body).code.value
    }

fun readsStatusOfLaterDirectory(): Boolean {
    val answer = """{"client":"phone","status":"of_tomorrow"}"""
    val claim = Serializer.kotlinxSerializationJson.decodeFromString<ClientClaim>(answer)
    return claim.status == ClientClaim.Status.unknown_default_open_api
}
