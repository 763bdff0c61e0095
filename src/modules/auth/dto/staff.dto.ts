import { ApiProperty } from '@nestjs/swagger';
import { Email, Id, OneOf, Opt, StringArray, Text } from '#libs/http';
import { encodeId } from '#libs/ids';
import { PASSWORD_MAX, PASSWORD_MIN } from '../password-policy.js';
import { type Permission, PERMISSIONS, ROLES, type Role } from '../permissions.js';
import type { RoleRow } from '../roles.service.js';
import type { StaffMember } from '../staff.service.js';

const NEW_PASSWORD = {
  description: `at least ${PASSWORD_MIN} characters; any will do, except what is guessed first`,
  example: 'velvet-otter-lantern-quartz-318',
};
const NOT_BLANK = /\S/;
const CUSTOM_ROLE = 'a role of the shop’s own making, in the place of `role`';

/** A new member of staff. */
export class CreateStaffRequest {
  @Email({ example: 'robin@emporium.example' })
  email: string;
  @Text(200, { pattern: NOT_BLANK, example: 'Robin Weaver' })
  name: string;
  @Text(PASSWORD_MAX, NEW_PASSWORD)
  password: string;
  @OneOf(ROLES, { description: 'what they may do', example: 'support' })
  role: Role;
}

/** Somebody who shall work here. Either `role` or `customRoleId`. */
export class InviteStaffRequest {
  @Email({ example: 'sam@emporium.example' })
  email: string;
  @Text(200, { pattern: NOT_BLANK, example: 'Sam Potter' })
  name: string;
  @OneOf(ROLES, Opt({ description: 'what they may do', example: 'support' }))
  role?: Role;
  @Id('role', Opt({ description: CUSTOM_ROLE }))
  customRoleId?: string;
}

/** The link of the invitation, and the password from now on. */
export class AcceptInvitationRequest {
  @Text(100, { description: 'what follows `token=` in the link of the mail', example: 'the token of the mail' })
  token: string;
  @Text(PASSWORD_MAX, NEW_PASSWORD)
  password: string;
}

/** Any subset of what is known of a member of staff. A built-in `role` takes the place of a custom one, and the other way round. */
export class UpdateStaffRequest {
  @Text(200, Opt({ pattern: NOT_BLANK, example: 'Robin Weaver' }))
  name?: string;
  @OneOf(ROLES, Opt({ example: 'fulfillment' }))
  role?: Role;
  @Id('role', Opt({ description: CUSTOM_ROLE }))
  customRoleId?: string;
}

/** A role of the shop's own making. */
export class CreateRoleRequest {
  @Text(100, { pattern: NOT_BLANK, example: 'Photographer' })
  name: string;
  @StringArray(100, 50, { description: 'what they may do', example: ['catalog.read', 'catalog.write'] })
  permissions: string[];
}

/** Another name or other permissions; they work at once for everybody who has the role. */
export class UpdateRoleRequest {
  @Text(100, Opt({ pattern: NOT_BLANK, example: 'Photographer' }))
  name?: string;
  @StringArray(100, 50, Opt({ example: ['catalog.read'] }))
  permissions?: string[];
}

/** A role: built-in, or of the shop's own making. */
export class RoleResponse {
  @ApiProperty({ type: String, nullable: true, description: 'null for a built-in one', example: null })
  id: string | null;
  @ApiProperty({ example: 'support' })
  name: string;
  @ApiProperty({ description: 'whether every shop has it; it cannot be changed' })
  isBuiltIn: boolean;
  @ApiProperty({ enum: PERMISSIONS, isArray: true })
  permissions: Permission[];
  @ApiProperty({ type: 'integer', description: 'how many members of staff have it' })
  members: number;

  static from(row: RoleRow): RoleResponse {
    return {
      id: row.id === null ? null : encodeId('role', row.id),
      name: row.name,
      isBuiltIn: row.id === null,
      permissions: [...row.permissions],
      members: row.members,
    };
  }
}

/** The role of the shop's own making that somebody has. */
export class CustomRoleResponse {
  @ApiProperty({ example: 'role_01j4000000e008000000000001' })
  id: string;
  @ApiProperty({ example: 'Photographer' })
  name: string;
}

/** A member of staff. */
export class StaffResponse {
  @ApiProperty({ example: 'usr_01j4000000e00800000000000a' })
  id: string;
  @ApiProperty({ example: 'robin@emporium.example' })
  email: string;
  @ApiProperty({ example: 'Robin Weaver' })
  name: string;
  @ApiProperty({ enum: ROLES, description: 'where there is no `customRole`' })
  role: Role;
  @ApiProperty({ type: CustomRoleResponse, nullable: true, description: 'takes the place of `role`' })
  customRole: CustomRoleResponse | null;
  @ApiProperty({ description: 'whether they were invited and have not chosen a password yet' })
  isInvited: boolean;
  @ApiProperty({ description: 'whether their sign-in asks for a code, too' })
  hasTwoFactor: boolean;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'since when they may not enter' })
  suspendedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time' })
  createdAt: string;

  static from(member: StaffMember): StaffResponse {
    return {
      id: encodeId('user', member.id),
      email: member.email,
      name: member.name,
      role: member.role,
      customRole:
        member.customRoleId === null
          ? null
          : { id: encodeId('role', member.customRoleId), name: member.customRoleName! },
      isInvited: member.isInvited,
      hasTwoFactor: member.hasTwoFactor,
      suspendedAt: member.suspendedAt?.toISOString() ?? null,
      createdAt: member.createdAt.toISOString(),
    };
  }
}

/** Who asks, and what they may do. */
export class MeResponse extends StaffResponse {
  @ApiProperty({ enum: PERMISSIONS, isArray: true })
  permissions: Permission[];

  /** @param permissions what this request may do: with an API key less than its owner may */
  static of(member: StaffMember, permissions: readonly Permission[]): MeResponse {
    return Object.assign(StaffResponse.from(member), { permissions: [...permissions] });
  }
}
